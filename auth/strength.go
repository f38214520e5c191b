package auth

// Which passwords are good enough, and one that is.

import (
	"crypto/rand"
	"errors"
	"strings"
	"unicode/utf8"
)

const (
	minPassword  = 8  // characters; fewer are refused
	goodPassword = 12 // characters; fewer are warned about
	maxPassword  = 1024
)

// CheckPassword judges a new password. An error refuses it; a warning is for
// the person to read. Whoever knows the password and the ID has the computer,
// and the ID is no secret.
func CheckPassword(p Password) (warning string, err error) {
	n := utf8.RuneCount(p)
	switch {
	case !utf8.Valid(p):
		return "", errors.New("the password is not valid UTF-8")
	case n < minPassword:
		return "", errors.New("the password is too short: 8 characters at least, 12 are better")
	case len(p) > maxPassword:
		return "", errors.New("the password is too long: 1024 bytes at most")
	case isCommon(string(p)):
		return "", errors.New("the password is one of the first that anybody tries")
	case isRepetition([]rune(string(p))):
		return "", errors.New("the password repeats itself")
	case isRun([]rune(string(p))):
		return "", errors.New("the password is a row of neighbours, as 12345678 or abcdefgh")
	case n < goodPassword:
		return "the password is short: whoever guesses it has this computer; 12 characters are recommended", nil
	}
	return "", nil
}

// isCommon undoes what people do to a common word to make it pass: capitals,
// digits and signs before or after it, and digits that look like letters.
func isCommon(p string) bool {
	p = strings.ToLower(p)
	plain := strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a", "$", "s", "!", "i").Replace(p)
	for _, form := range []string{p, plain} {
		core := strings.Trim(form, "0123456789!?.,-_*#+$@ ")
		for _, word := range commonPasswords {
			if form == word || core == word {
				return true
			}
		}
	}
	return false
}

// commonPasswords tops the lists of every leak; those that are rows or
// repetitions are caught by rule.
var commonPasswords = []string{
	"password", "passwort", "passw0rd", "kennwort", "contraseña", "motdepasse", "password1", "passwordpassword",
	"qwertyuiop", "qwerty", "qwertyui", "qwertz", "qwertzuiop", "azerty", "azertyuiop", "asdfghjkl", "asdfghjk", "zxcvbnm", "yxcvbnm",
	"1q2w3e4r", "1q2w3e4r5t", "1qaz2wsx", "q1w2e3r4", "zaq12wsx", "qazwsxedc", "1qazxsw2", "qwer1234", "asdf1234", "abcd1234", "a1b2c3d4",
	"abc", "iloveyou", "letmein", "welcome", "willkommen", "bienvenue", "monkey", "dragon", "football", "baseball", "basketball", "superman",
	"batman", "trustno", "trustnoi", "sunshine", "princess", "princesa", "master", "shadow", "michael", "jennifer", "jordan", "hunter", "killer",
	"charlie", "computer", "internet", "samsung", "starwars", "whatever", "freedom", "mustang", "michelle", "jessica", "pokemon", "chocolate",
	"administrator", "admin", "adminadmin", "root", "rootroot", "toor", "guest", "default", "changeme", "changeit", "secret", "geheim", "test",
	"testtest", "testing", "hello", "hallo", "hallohallo", "schatz", "login", "anydesk", "rustdesk", "teamviewer", "unattended", "remote",
	"remoteaccess", "raspberry", "ubuntu", "debian", "windows", "server", "support", "access", "correcthorsebatterystaple", "correct horse battery staple",
	"summer", "winter", "spring", "autumn", "sommer", "january", "liverpool", "chelsea", "arsenal", "daniel", "thomas", "ashley", "nicole", "loveme",
}

// isRepetition: "aaaaaaaa", "abababab", "wordword".
func isRepetition(p []rune) bool {
	for n := 1; n <= len(p)/2; n++ {
		same := true
		for i := n; i < len(p) && same; i++ {
			same = p[i] == p[i-n]
		}
		if same {
			return true
		}
	}
	return false
}

// isRun: every character is the one before it plus or minus one.
func isRun(p []rune) bool {
	for i := 2; i < len(p); i++ {
		if d := p[i] - p[i-1]; d != p[1]-p[0] || d*d != 1 {
			return len(p) > 2 && wraps(p)
		}
	}
	return len(p) > 2
}

// wraps: 1234567890 and its like, where 0 follows 9.
func wraps(p []rune) bool {
	for i := 1; i < len(p); i++ {
		up := p[i-1] >= '0' && p[i-1] <= '9' && p[i] == '0'+(p[i-1]-'0'+1)%10
		down := p[i] >= '0' && p[i] <= '9' && p[i-1] == '0'+(p[i]-'0'+1)%10
		if !up && !down {
			return false
		}
	}
	return true
}

// GeneratePassword returns a password of 20 letters and digits in groups of
// five: 20 of 32 characters are 100 bits. Characters that are taken for others
// are left out.
func GeneratePassword() Password {
	const alphabet = "abcdefghijkmnpqrstuvwxyz23456789" // no l, o, 0, 1: 32 characters, so that 5 bits pick one without bias
	var random [20]byte
	rand.Read(random[:])
	p := make(Password, 0, 23)
	for i, b := range random {
		if i > 0 && i%5 == 0 {
			p = append(p, '-')
		}
		p = append(p, alphabet[b%32])
	}
	return p
}
