package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"slices"
	"strings"
)

const (
	// How deep calls of helpers inside the tests' own package are followed.
	depthMax = 8
	// How many steps one test may have; loops over loops multiply.
	stepsMax = 5000
)

// scope holds the values of local variables.
type scope struct {
	values map[string]any
	outer  *scope
}

func newScope(outer *scope) *scope { return &scope{map[string]any{}, outer} }

func (s *scope) find(name string) (any, bool) {
	for at := s; at != nil; at = at.outer {
		if value, there := at.values[name]; there {
			return value, true
		}
	}
	return nil, false
}

func (s *scope) assign(name string, value any) {
	for at := s; at != nil; at = at.outer {
		if _, there := at.values[name]; there {
			at.values[name] = value
			return
		}
	}
	s.values[name] = value
}

// walker goes through a test's statements as if they ran.
type walker struct {
	tests     *pkg
	constants known
	imports   map[string]string
	made      *testCase
	in        []string
	when      []string
	depth     int
	returned  any  // by the helper that was gone through last
	ended     bool // the function skipped itself or returned
}

func (w *walker) block(body *ast.BlockStmt, around *scope) {
	inner := newScope(around)
	for _, one := range body.List {
		if w.statement(one, inner); w.ended {
			return
		}
	}
}

// function is a block whose return ends nothing but itself.
func (w *walker) function(body *ast.BlockStmt, around *scope) {
	w.block(body, around)
	w.ended = false
}

func (w *walker) statement(one ast.Stmt, at *scope) {
	switch made := one.(type) {
	case *ast.ExprStmt:
		w.value(made.X, at)
	case *ast.AssignStmt:
		w.assign(made, at)
	case *ast.DeclStmt:
		w.declare(made, at)
	case *ast.BlockStmt:
		w.block(made, at)
	case *ast.RangeStmt:
		w.loop(made, at)
	case *ast.IfStmt:
		w.branch(made, at)
	case *ast.ForStmt:
		w.guarded("for", func() { w.block(made.Body, at) })
	case *ast.GoStmt:
		w.guarded("go", func() { w.value(made.Call, at) })
	case *ast.SwitchStmt:
		w.guarded("switch", func() { w.block(made.Body, at) })
	case *ast.CaseClause:
		for _, inner := range made.Body {
			w.statement(inner, at)
		}
	case *ast.ReturnStmt:
		for index, value := range made.Results {
			if result := w.value(value, at); index == 0 {
				w.returned = result
			}
		}
		w.ended = len(w.when) == 0
	}
}

// guarded walks what may run or not, or more than once: its steps say so.
func (w *walker) guarded(what string, body func()) {
	w.when = append(w.when, what)
	body()
	w.when = w.when[:len(w.when)-1]
}

func (w *walker) branch(made *ast.IfStmt, at *scope) {
	inner := newScope(at)
	if made.Init != nil {
		w.statement(made.Init, inner)
	}
	// A feature that a test asks for is one that we have: that is what is to be tested.
	if text := source(made.Cond); strings.Contains(text, "SupportedFeatures.Has") {
		if strings.HasPrefix(text, "!") {
			return
		}
		w.block(made.Body, inner)
		return
	}
	w.guarded("if "+source(made.Cond), func() {
		w.block(made.Body, inner)
		if made.Else != nil {
			w.statement(made.Else, inner)
		}
	})
}

func (w *walker) assign(made *ast.AssignStmt, at *scope) {
	for index, left := range made.Lhs {
		var value any = unknown("a further result")
		if len(made.Lhs) == len(made.Rhs) {
			value = w.value(made.Rhs[index], at)
		} else if index == 0 {
			value = w.value(made.Rhs[0], at)
		}
		switch target := left.(type) {
		case *ast.Ident:
			if made.Tok == token.DEFINE {
				at.values[target.Name] = value
			} else if len(w.when) > 0 { // it may keep what it had
				at.assign(target.Name, unknown("depends on a condition"))
			} else {
				at.assign(target.Name, value)
			}
		case *ast.SelectorExpr:
			// A field of a struct that is data: tests adjust copies of a case so.
			if name, ok := target.X.(*ast.Ident); ok {
				if fields, ok := lookup(at, name.Name).(map[string]any); ok {
					changed := maps.Clone(fields)
					changed[target.Sel.Name] = value
					at.assign(name.Name, changed)
				}
			}
		}
	}
}

func lookup(at *scope, name string) any {
	value, _ := at.find(name)
	return value
}

func (w *walker) declare(made *ast.DeclStmt, at *scope) {
	declared, ok := made.Decl.(*ast.GenDecl)
	if !ok {
		return
	}
	for _, spec := range declared.Specs {
		values, ok := spec.(*ast.ValueSpec)
		if !ok {
			continue
		}
		for index, name := range values.Names {
			at.values[name.Name] = unknown(name.Name)
			if index < len(values.Values) {
				at.values[name.Name] = w.value(values.Values[index], at)
			}
		}
	}
}

func (w *walker) loop(made *ast.RangeStmt, at *scope) {
	over := w.value(made.X, at)
	turn := func(key, value any) {
		inner := newScope(at)
		if name, ok := made.Key.(*ast.Ident); ok {
			inner.values[name.Name] = key
		}
		if name, ok := made.Value.(*ast.Ident); ok {
			inner.values[name.Name] = value
		}
		w.block(made.Body, inner)
	}
	switch values := over.(type) {
	case []any:
		for index, value := range values {
			turn(int64(index), value)
		}
	case map[string]any:
		if _, dark := values["$unknown"]; !dark && values["$map"] == true {
			for _, key := range slices.Sorted(maps.Keys(values)) {
				if !strings.HasPrefix(key, "$") {
					turn(key, values[key])
				}
			}
			return
		}
		w.guarded("for range "+source(made.X), func() { turn(unknown("key"), unknown("value")) })
	default:
		w.guarded("for range "+source(made.X), func() { turn(unknown("key"), unknown("value")) })
	}
}

func (w *walker) emit(name string, args []any, line int) {
	if len(w.made.Steps) < stepsMax {
		w.made.Steps = append(w.made.Steps, step{
			Call: name, Args: args, In: slices.Clone(w.in), Line: line, When: strings.Join(w.when, ", "),
		})
	}
}

// call emits a step, unless it is a subtest or a helper of the package: those are gone through.
func (w *walker) call(made *ast.CallExpr, at *scope) any {
	name := w.callee(made.Fun, at)
	if name == "t.Run" && len(made.Args) == 2 {
		label, ok := w.value(made.Args[0], at).(string)
		if !ok {
			label = fmt.Sprintf("line %d", w.line(made))
		}
		if function, ok := made.Args[1].(*ast.FuncLit); ok {
			w.in = append(w.in, label)
			w.function(function.Body, at)
			w.in = w.in[:len(w.in)-1]
			return nil
		}
	}
	args := []any{}
	for _, one := range made.Args {
		args = append(args, w.value(one, at))
	}
	if strings.HasPrefix(name, "t.Skip") && len(w.when) == 0 {
		w.ended = true
	}
	if name == "append" {
		return extended(args, made.Ellipsis.IsValid())
	}
	if value, ok := pure(name, args); ok {
		return value
	}
	if function, ok := w.tests.functions[name]; ok && function.Body != nil && w.depth < depthMax {
		return w.inline(function, args)
	}
	w.emit(name, args, w.line(made))
	return map[string]any{"$call": name, "args": args}
}

func (w *walker) inline(function *ast.FuncDecl, args []any) any {
	inner, index := newScope(nil), 0
	for _, field := range function.Type.Params.List {
		for _, name := range field.Names {
			if index < len(args) {
				inner.values[name.Name] = args[index]
			}
			index++
		}
	}
	w.depth++
	w.returned = unknown(function.Name.Name)
	w.function(function.Body, inner)
	w.depth--
	return w.returned
}

func (w *walker) line(of ast.Node) int { return w.tests.set.Position(of.Pos()).Line }

// callee is a function's name as package.Function, by the last part of its import's path.
func (w *walker) callee(of ast.Expr, at *scope) string {
	switch made := of.(type) {
	case *ast.Ident:
		return made.Name
	case *ast.SelectorExpr:
		if name, ok := made.X.(*ast.Ident); ok {
			if _, local := at.find(name.Name); !local {
				if full, imported := w.imports[name.Name]; imported {
					return full[strings.LastIndex(full, "/")+1:] + "." + made.Sel.Name
				}
			}
		}
		return w.callee(made.X, at) + "." + made.Sel.Name
	case *ast.IndexExpr: // a generic function
		return w.callee(made.X, at)
	case *ast.ArrayType, *ast.MapType, *ast.StarExpr, *ast.ParenExpr:
		return "conversion"
	}
	return source(of)
}

// extended is what append makes of lists that are data.
func extended(args []any, spread bool) any {
	out, ok := args[0].([]any)
	if args[0] != nil && !ok {
		return unknown("append")
	}
	out = slices.Clone(out)
	for index, one := range args[1:] {
		if more, ok := one.([]any); ok && spread && index == len(args)-2 {
			out = append(out, more...)
		} else if spread {
			return unknown("append")
		} else {
			out = append(out, one)
		}
	}
	return out
}

// pure are calls that only make a value of another.
func pure(name string, args []any) (any, bool) {
	switch name {
	case "new", "ptr.To", "pointer.To", "conversion", "string", "int32", "float64", "int":
		if len(args) == 1 {
			return args[0], true
		}
	case "v1.ObjectName", "v1.Hostname", "v1.SectionName", "v1.Namespace", "v1.Kind", "v1.Group", "v1.PortNumber",
		"v1.RouteConditionType", "v1.GatewayController", "v1.ListenerConditionType", "v1.PreciseHostname":
		if len(args) == 1 {
			return args[0], true
		}
	}
	return nil, false
}
