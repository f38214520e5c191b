package main

import (
	"fmt"
	"strings"

	"rac/auth/config"
)

// settingFlags are the flags of the settings, as rac host and rac set have them.
type settingFlags struct{ changes *config.Changes }

func addSettingFlags(f *flags) *settingFlags {
	s := &settingFlags{config.Flags(f.FlagSet)}
	for _, setting := range config.Settings() {
		if setting.Flag == "" {
			continue
		}
		usage := strings.TrimPrefix(setting.Usage(), "--"+setting.Flag)
		value, _, _ := strings.Cut(usage, ",")
		f.add(setting.Flag, strings.TrimSpace(value))
		if setting.Quiet {
			f.order = f.order[:len(f.order)-1]
		}
		if setting.Remove != "" {
			f.add(setting.Remove, strings.TrimSpace(value))
		}
	}
	return s
}

// apply edits the config as the flags say. Everything that can be refused is
// refused before anything is written.
func (s *settingFlags) apply(p *program, file *config.File, setPassword, clearTokens bool) error {
	if setPassword {
		if err := p.mayChange(file); err != nil {
			return err
		}
	}
	if s.changes.Len() > 0 {
		if err := file.Edit(s.changes.Apply); err != nil {
			return p.mayWrite(file, err)
		}
	}
	if setPassword {
		if err := p.askNewPassword(file); err != nil {
			return err
		}
	}
	if clearTokens {
		return p.clearTokens(file)
	}
	return nil
}

var setCommand = &command{
	name: "set", group: groupWho,
	short: "show and change the settings",
	long: `Without a flag it shows every setting, its value and where that comes from. With
flags it edits the config file in place: comments, blank lines and order stay as
they are, and a running host notices at once.`,
	eg: [2]string{"rac set --unattended=false", "rac set --allow 12D3KooW… --attended=never"},
	setUp: func(f *flags) func(*program, []string) error {
		setPassword := f.bool("set-password", "ask for a new unattended password")
		clearTokens := f.bool("clear-tokens", "forget all saved logins")
		check := f.bool("check", "read the file only, and say whether it is correct")
		settings := addSettingFlags(f)
		return func(p *program, operands []string) error {
			if err := noOperands(operands); err != nil {
				return err
			}
			file, _, err := p.files()
			if err != nil {
				return err
			}
			switch {
			case *check && (settings.changes.Len() > 0 || *setPassword || *clearTokens):
				return usagef("--check changes nothing: give it alone")
			case *check:
				return p.checkConfig(file)
			case settings.changes.Len() == 0 && !*setPassword && !*clearTokens:
				return p.showSettings(file)
			}
			return settings.apply(p, file, *setPassword, *clearTokens)
		}
	},
}

func (p *program) checkConfig(file *config.File) error {
	if _, err := file.Load(); err != nil {
		return err
	}
	p.voice.say("%s is right", file.Path())
	return nil
}

func (p *program) showSettings(file *config.File) error {
	cfg, err := file.Load()
	if err != nil {
		return err
	}
	for _, s := range config.Settings() {
		fmt.Fprintf(p.stdout, "%s = %s\t%s\n", s.Key, s.Show(cfg), cfg.Origin(s.Key))
	}
	return nil
}
