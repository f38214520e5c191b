package config

// Flags made from the table of settings.

import (
	"flag"
	"fmt"
	"strings"
)

// Changes are the settings that a command line asks for, in its order.
type Changes struct{ list []change }

type change struct {
	setting Setting
	remove  bool
	value   any
}

// Flags defines the flag of every setting on fs. What is parsed is collected in
// the result; Apply makes it so.
func Flags(fs *flag.FlagSet) *Changes {
	c := &Changes{}
	for _, s := range settings() {
		if s.Flag != "" {
			fs.Var(&settingFlag{setting: s, into: c}, s.Flag, s.Help)
		}
		if s.Remove != "" {
			fs.Var(&settingFlag{setting: s, into: c, remove: true}, s.Remove, "takes away what --"+s.Flag+" adds")
		}
	}
	return c
}

// Len says how many changes there are.
func (c *Changes) Len() int { return len(c.list) }

// Apply makes the changes; it fits File.Edit.
func (c *Changes) Apply(e *Edit) error {
	lists := map[string][]string{}
	for _, ch := range c.list {
		if err := ch.apply(e, lists); err != nil {
			return err
		}
	}
	return nil
}

// apply makes one change; lists holds what the flags of kind Values have
// gathered so far.
func (ch change) apply(e *Edit, lists map[string][]string) error {
	key := ch.setting.Key
	switch text, _ := ch.value.(string); {
	case ch.remove:
		return e.RemoveFrom(key, text)
	case ch.setting.Kind == List:
		return e.AddTo(key, text)
	case ch.setting.Kind == Values && text == "":
		lists[key] = []string{}
		return e.Set(key, lists[key])
	case ch.setting.Kind == Values:
		lists[key] = append(lists[key], text)
		return e.Set(key, lists[key])
	}
	return e.Set(key, ch.value)
}

// settingFlag is a flag.Value that notes a change.
type settingFlag struct {
	setting Setting
	remove  bool
	into    *Changes
}

// Set notes one use of the flag. A List or Values flag with an empty value, as
// in --bootstrap=, empties Values and is refused for a List.
func (f *settingFlag) Set(text string) error {
	if f.setting.Kind == Values && text == "" {
		f.into.list = append(f.into.list, change{setting: f.setting, value: text})
		return nil
	}
	if f.remove { // what is to go may be what its check refuses
		f.into.list = append(f.into.list, change{f.setting, true, text})
		return nil
	}
	v, err := f.setting.Parse(text)
	if err != nil {
		return err
	}
	f.into.list = append(f.into.list, change{f.setting, false, v})
	return nil
}

// String is the default, for the flag package's own help.
func (f *settingFlag) String() string {
	if f.into == nil || f.remove {
		return ""
	}
	return f.setting.Default
}

// IsBoolFlag lets --unattended mean --unattended=true.
func (f *settingFlag) IsBoolFlag() bool { return f.setting.Kind == Bool }

// Usage is the flag as help shows it: --attended=ask|never, --allow ID.
func (s Setting) Usage() string {
	switch s.Kind {
	case Bool:
		return fmt.Sprintf("--%s=true|false", s.Flag)
	case Choice:
		return fmt.Sprintf("--%s=%s", s.Flag, strings.Join(s.Choices, "|"))
	case Number:
		return fmt.Sprintf("--%s=N", s.Flag)
	case Duration:
		return fmt.Sprintf("--%s=30s", s.Flag)
	case Text:
		return fmt.Sprintf("--%s %s", s.Flag, s.What)
	}
	if s.Remove != "" {
		return fmt.Sprintf("--%s %s, --%s %s", s.Flag, s.What, s.Remove, s.What)
	}
	return fmt.Sprintf("--%s %s...", s.Flag, s.What)
}
