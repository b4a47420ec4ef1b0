package main

import (
	"bytes"
	"go/ast"
	"go/printer"
	"go/token"
)

// Values of other packages that tests compare with, and which are no plain literals there.
var fixed = map[string]string{
	"metav1.ConditionTrue": "True", "metav1.ConditionFalse": "False", "metav1.ConditionUnknown": "Unknown",
	"v1.GroupVersion.Group": "gateway.networking.k8s.io", "v1.GroupName": "gateway.networking.k8s.io",
	"gatewayv1.GroupVersion.Group": "gateway.networking.k8s.io",
}

// source is an expression as it is written, on one line.
func source(of ast.Node) string {
	var out bytes.Buffer
	if err := printer.Fprint(&out, token.NewFileSet(), of); err != nil {
		return "?"
	}
	return string(bytes.Join(bytes.Fields(out.Bytes()), []byte(" ")))
}

func typeName(of ast.Expr) string {
	if of == nil {
		return ""
	}
	return source(of)
}

// value is what an expression comes to, as far as the text tells; calls in it become steps.
func (w *walker) value(of ast.Expr, at *scope) any {
	switch made := of.(type) {
	case *ast.BasicLit:
		return basic(made)
	case *ast.CompositeLit:
		return w.composite(made, typeName(made.Type), at)
	case *ast.Ident:
		return w.name(made, at)
	case *ast.SelectorExpr:
		return w.selector(made, at)
	case *ast.UnaryExpr:
		return w.unary(made, at)
	case *ast.StarExpr:
		return w.value(made.X, at)
	case *ast.ParenExpr:
		return w.value(made.X, at)
	case *ast.IndexExpr:
		return w.index(made, at)
	case *ast.BinaryExpr:
		left, right := w.value(made.X, at), w.value(made.Y, at)
		if one, ok := left.(string); ok && made.Op == token.ADD {
			if two, ok := right.(string); ok {
				return one + two
			}
		}
	case *ast.CallExpr:
		return w.call(made, at)
	case *ast.FuncLit:
		return unknown("a function")
	}
	return unknown(source(of))
}

func (w *walker) name(made *ast.Ident, at *scope) any {
	if value, there := at.find(made.Name); there {
		return value
	}
	switch made.Name {
	case "true", "false":
		return made.Name == "true"
	case "nil":
		return nil
	}
	if value, there := w.tests.constants[made.Name]; there {
		return value
	}
	return unknown(made.Name)
}

func (w *walker) selector(made *ast.SelectorExpr, at *scope) any {
	if text, there := fixed[source(made)]; there {
		return text
	}
	if name, ok := made.X.(*ast.Ident); ok {
		if _, local := at.find(name.Name); !local {
			if parsed := w.constants[w.imports[name.Name]]; parsed != nil {
				if value, there := parsed.constants[made.Sel.Name]; there {
					return value
				}
			}
			return unknown(source(made))
		}
	}
	if fields, ok := w.value(made.X, at).(map[string]any); ok {
		if value, there := fields[made.Sel.Name]; there {
			return value
		}
		if _, dark := fields["$unknown"]; !dark && fields["$type"] != nil {
			return nil // a field that was not set
		}
	}
	return unknown(source(made))
}

func (w *walker) unary(made *ast.UnaryExpr, at *scope) any {
	value := w.value(made.X, at)
	if made.Op == token.AND {
		return value
	}
	if made.Op == token.SUB {
		if number, ok := value.(int64); ok {
			return -number
		}
	}
	return unknown(source(made))
}

func (w *walker) index(made *ast.IndexExpr, at *scope) any {
	over, key := w.value(made.X, at), w.value(made.Index, at)
	if list, ok := over.([]any); ok {
		if number, ok := key.(int64); ok && int(number) < len(list) && number >= 0 {
			return list[number]
		}
	}
	if fields, ok := over.(map[string]any); ok {
		if name, ok := key.(string); ok {
			if value, there := fields[name]; there {
				return value
			}
		}
	}
	return unknown(source(made))
}

// composite is a literal: a list, a map with $map, or a struct with its fields and $type.
func (w *walker) composite(made *ast.CompositeLit, kind string, at *scope) any {
	if array, ok := made.Type.(*ast.ArrayType); ok {
		return w.list(made, typeName(array.Elt), at)
	}
	if len(kind) > 2 && kind[:2] == "[]" {
		return w.list(made, kind[2:], at)
	}
	fields := map[string]any{"$type": kind}
	element := ""
	if table, ok := made.Type.(*ast.MapType); ok {
		fields = map[string]any{"$map": true}
		element = typeName(table.Value)
	}
	for _, one := range made.Elts {
		pair, ok := one.(*ast.KeyValueExpr)
		if !ok {
			return unknown(source(made))
		}
		key := ""
		if name, ok := pair.Key.(*ast.Ident); ok && fields["$map"] == nil {
			key = name.Name
		} else if text, ok := w.value(pair.Key, at).(string); ok {
			key = text
		} else {
			return unknown(source(made))
		}
		fields[key] = w.element(pair.Value, element, at)
	}
	return fields
}

func (w *walker) list(made *ast.CompositeLit, element string, at *scope) any {
	out := []any{}
	for _, one := range made.Elts {
		out = append(out, w.element(one, element, at))
	}
	return out
}

// element is a value inside a literal, whose own type may be left out.
func (w *walker) element(of ast.Expr, kind string, at *scope) any {
	if inner, ok := of.(*ast.CompositeLit); ok && inner.Type == nil {
		return w.composite(inner, kind, at)
	}
	return w.value(of, at)
}
