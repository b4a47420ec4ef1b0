// Cases reads the sources of the Gateway API suite's tests and writes what they do as JSON: for
// each test the calls that it makes, in order, with those arguments that are data. Nothing is run;
// what cannot be known from the text is marked as unknown, and left to the reader. The Secrets and
// ConfigMaps that the suite's setup makes by code are made likewise, and written as `objects`.
package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
)

// step is one call of a test.
type step struct {
	Call string   `json:"call"`
	Args []any    `json:"args"`
	In   []string `json:"in,omitempty"` // names of the subtests around it
	Line int      `json:"line"`
	When string   `json:"when,omitempty"` // the condition around it, if it could not be decided
}

type testCase struct {
	Name  string `json:"name"`
	Steps []step `json:"steps"`
}

// pkg is what is known of a parsed package: constants and functions by name.
type pkg struct {
	constants map[string]any
	functions map[string]*ast.FuncDecl
	files     []*ast.File
	set       *token.FileSet
}

func parsePackage(folder string) (*pkg, error) {
	names, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return nil, err
	}
	sort.Strings(names)
	out := &pkg{constants: map[string]any{}, functions: map[string]*ast.FuncDecl{}, set: token.NewFileSet()}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(out.set, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		out.files = append(out.files, file)
		for _, declared := range file.Decls {
			switch one := declared.(type) {
			case *ast.FuncDecl:
				if one.Recv == nil {
					out.functions[one.Name.Name] = one
				}
			case *ast.GenDecl:
				if one.Tok == token.CONST || one.Tok == token.VAR {
					out.literals(one)
				}
			}
		}
	}
	return out, nil
}

// literals keeps constants and variables that are plain texts or numbers.
func (p *pkg) literals(declared *ast.GenDecl) {
	for _, spec := range declared.Specs {
		values, ok := spec.(*ast.ValueSpec)
		if !ok {
			continue
		}
		for at, name := range values.Names {
			if at >= len(values.Values) {
				continue
			}
			expression := values.Values[at]
			if call, ok := expression.(*ast.CallExpr); ok && len(call.Args) == 1 {
				expression = call.Args[0] // a conversion
			}
			if literal, ok := expression.(*ast.BasicLit); ok {
				p.constants[name.Name] = basic(literal)
			}
		}
	}
}

func basic(literal *ast.BasicLit) any {
	switch literal.Kind {
	case token.STRING:
		if text, err := strconv.Unquote(literal.Value); err == nil {
			return text
		}
	case token.INT:
		if number, err := strconv.ParseInt(literal.Value, 0, 64); err == nil {
			return number
		}
	case token.FLOAT:
		if number, err := strconv.ParseFloat(literal.Value, 64); err == nil {
			return number
		}
	}
	return unknown(literal.Value)
}

// unknown stands for a value that only a run would tell.
func unknown(text string) any { return map[string]any{"$unknown": text} }

// known are the packages whose constants the tests use, by the path of their import.
type known map[string]*pkg

func loadKnown(suite, api string) (known, error) {
	found := known{}
	for importPath, folder := range map[string]string{
		"sigs.k8s.io/gateway-api/conformance/utils/suite":        filepath.Join(suite, "utils", "suite"),
		"sigs.k8s.io/gateway-api/conformance/utils/roundtripper": filepath.Join(suite, "utils", "roundtripper"),
		"sigs.k8s.io/gateway-api/pkg/features":                   filepath.Join(api, "pkg", "features"),
		"sigs.k8s.io/gateway-api/apis/v1":                        filepath.Join(api, "apis", "v1"),
	} {
		parsed, err := parsePackage(folder)
		if err != nil {
			return nil, err
		}
		found[importPath] = parsed
	}
	return found, nil
}

// cases walks the function of every ConformanceTest of the package.
func cases(tests *pkg, constants known) []testCase {
	var out []testCase
	for _, file := range tests.files {
		imports := map[string]string{}
		for _, one := range file.Imports {
			full, _ := strconv.Unquote(one.Path.Value)
			name := path.Base(full)
			if one.Name != nil {
				name = one.Name.Name
			}
			imports[name] = full
		}
		for _, declared := range file.Decls {
			variables, ok := declared.(*ast.GenDecl)
			if !ok || variables.Tok != token.VAR {
				continue
			}
			for _, spec := range variables.Specs {
				if found, ok := oneCase(tests, constants, imports, spec.(*ast.ValueSpec)); ok {
					out = append(out, found)
				}
			}
		}
	}
	return out
}

func oneCase(tests *pkg, constants known, imports map[string]string, spec *ast.ValueSpec) (testCase, bool) {
	if len(spec.Values) != 1 {
		return testCase{}, false
	}
	literal, ok := spec.Values[0].(*ast.CompositeLit)
	if !ok || !strings.HasSuffix(typeName(literal.Type), "ConformanceTest") {
		return testCase{}, false
	}
	made := testCase{Steps: []step{}}
	for _, element := range literal.Elts {
		pair, ok := element.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		switch name := pair.Key.(*ast.Ident).Name; name {
		case "ShortName":
			made.Name, _ = basic(pair.Value.(*ast.BasicLit)).(string)
		case "Test":
			if function, ok := pair.Value.(*ast.FuncLit); ok {
				walk := &walker{tests: tests, constants: constants, imports: imports, made: &made}
				walk.function(function.Body, newScope(nil))
			}
		}
	}
	return made, true
}

func run(suite, api string) error {
	tests, err := parsePackage(filepath.Join(suite, "tests"))
	if err != nil {
		return err
	}
	constants, err := loadKnown(suite, api)
	if err != nil {
		return err
	}
	objects, err := material(constants)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(map[string]any{"tests": cases(tests, constants), "objects": objects})
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: cases SUITE_SOURCES API_SOURCES")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "cases:", err)
		os.Exit(1)
	}
}
