package main

import (
	"sort"
	"strings"

	"github.com/zclconf/go-cty/cty"
)

// value is a value as an answer tells it.
//
// Strings, booleans and null stand for themselves, and lists, sets and tuples are arrays, sets in
// the order that a loop over them has. Everything else is an object with one name that says what it
// is: "number" (every digit, as text), "object" (maps too), "unknown" (a type), "sensitive".
type value struct {
	Type  string `json:"type"`
	Value any    `json:"value"`
}

const sensitive = "sensitive"

func tell(v cty.Value) value {
	return value{Type: typeText(v.Type()), Value: content(v)}
}

func content(v cty.Value) any {
	if v.HasMark(sensitive) {
		plain, _ := v.Unmark()
		return map[string]any{sensitive: content(plain)}
	}
	switch ty := v.Type(); {
	case !v.IsKnown():
		return map[string]any{"unknown": typeText(ty)}
	case v.IsNull():
		return nil
	case ty == cty.String:
		return v.AsString()
	case ty == cty.Bool:
		return v.True()
	case ty == cty.Number:
		return map[string]any{"number": v.AsBigFloat().Text('f', -1)}
	case ty.IsListType() || ty.IsSetType() || ty.IsTupleType():
		elements := []any{}
		for it := v.ElementIterator(); it.Next(); {
			_, element := it.Element()
			elements = append(elements, content(element))
		}
		return elements
	case ty.IsMapType() || ty.IsObjectType():
		elements := map[string]any{}
		for it := v.ElementIterator(); it.Next(); {
			key, element := it.Element()
			elements[key.AsString()] = content(element)
		}
		return map[string]any{"object": elements}
	default:
		return map[string]any{"other": ty.FriendlyName()}
	}
}

// typeText writes a type as a template would, with names sorted.
func typeText(ty cty.Type) string {
	switch {
	case ty == cty.DynamicPseudoType:
		return "any"
	case ty.IsPrimitiveType():
		return ty.FriendlyName()
	case ty.IsListType():
		return "list(" + typeText(ty.ElementType()) + ")"
	case ty.IsSetType():
		return "set(" + typeText(ty.ElementType()) + ")"
	case ty.IsMapType():
		return "map(" + typeText(ty.ElementType()) + ")"
	case ty.IsTupleType():
		var elements []string
		for _, element := range ty.TupleElementTypes() {
			elements = append(elements, typeText(element))
		}
		return "tuple([" + strings.Join(elements, ", ") + "])"
	case ty.IsObjectType():
		types := ty.AttributeTypes()
		var attributes []string
		for name := range types {
			attributes = append(attributes, name)
		}
		sort.Strings(attributes)
		for i, name := range attributes {
			attributes[i] = name + " = " + typeText(types[name])
		}
		return "object({" + strings.Join(attributes, ", ") + "})"
	default:
		return ty.FriendlyName()
	}
}
