package auth

import (
	"bytes"
	"context"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rac/p2p/p2ptest"
	"rac/p2p/wire"
)

// bodies is one of each message.
func bodies() map[wire.Type][]interface{ check() error } {
	return map[wire.Type][]interface{ check() error }{
		msgHello:     {&helloMsg{Version: 1, Name: "laptop", Wants: []string{"view"}, Methods: []Method{ByPassword}, Person: true, Nonce: make(b64, nonceLen), Cert: "c"}},
		msgChallenge: {&challengeMsg{Version: 1, Methods: []Method{ByPassword, ByAccept}, MaySave: true, KDF: newKDF().msg(), Nonce: make(b64, nonceLen), Puzzle: newPuzzle(20)}},
		msgProof: {
			&proofMsg{Method: ByToken, Token: make(b64, 32)}, &proofMsg{Method: ByAccept}, &proofMsg{Method: methodCode, Code: "123456"},
			&proofMsg{Method: ByPassword, Share: make(b64, 65), Puzzle: make(b64, 8)}, &proofMsg{Method: ByPassword, Confirm: make(b64, 32), Save: true},
			&proofMsg{Method: ByPassword, Share: make(b64, 65), Confirm: make(b64, 32), RetryAfter: 4},
		},
		msgAsking:  {&askingMsg{30}},
		msgWelcome: {&welcomeMsg{Ticket: make(b64, 32), Resume: make(b64, 32), Perms: []string{"view"}, Host: "den", Auth: ByToken, MaySave: true, Token: make(b64, 32)}},
		msgRefused: {&refusedMsg{Code: CodeThrottled, RetryAfter: 5, Again: true, Puzzle: newPuzzle(18)}},
		msgPerms:   {&permsMsg{[]string{"view", "control"}}},
		msgSaved:   {&savedMsg{true}},
		msgResume:  {&resumeMsg{make(b64, 32), make(b64, 32)}},
		msgPing:    {&pingMsg{7}},
		msgBye:     {&byeMsg{Kicked}},
	}
}

func TestMessagesAreReadAsTheyWereWritten(t *testing.T) {
	for typ, list := range bodies() {
		for _, m := range list {
			got := reflect.New(reflect.TypeOf(m).Elem()).Interface().(interface{ check() error })
			text := appendJSON(nil, m)
			if err := parse(text, got); err != nil || !reflect.DeepEqual(got, m) {
				t.Errorf("0x%02x: %s is read as %+v, %v", uint8(typ), text, got, err)
			}
			if len(text) > maxBody {
				t.Errorf("0x%02x has %d bytes", uint8(typ), len(text))
			}
		}
	}
}

func TestBodiesAreReadStrictly(t *testing.T) {
	for name, text := range map[string]string{
		"unknown key": `{"code":"x","again":false,"root":true}`, "two values": `{"code":"x","again":false}{}`, "a tail": `{"code":"x","again":false}x`,
		"wrong type": `{"code":7}`, "negative wait": `{"code":"x","retry_after":-1}`, "endless wait": `{"code":"x","retry_after":999999999}`, "nothing": ``, "null": `null`,
		"a list": `[]`, "a hard puzzle": `{"code":"x","puzzle":{"bits":60,"seed":"AAAAAAAAAAAAAAAAAAAAAA"}}`, "a puzzle without seed": `{"code":"x","puzzle":{"bits":20,"seed":""}}`,
	} {
		if err := parse([]byte(text), new(refusedMsg)); err == nil {
			t.Errorf("%s: %s is taken", name, text)
		}
	}
	secret := `{"method":"token","token":"c2VjcmV0!c2VjcmV0"}`
	if err := parse([]byte(secret), new(proofMsg)); err == nil || strings.Contains(err.Error(), "c2Vj") {
		t.Errorf("the error tells the token: %v", err)
	}
}

func FuzzMessages(f *testing.F) {
	for typ, list := range bodies() {
		for _, m := range list {
			f.Add(uint8(typ), appendJSON(nil, m))
		}
	}
	f.Fuzz(func(t *testing.T, typ uint8, body []byte) {
		list := bodies()[wire.Type(typ)]
		if len(list) == 0 || len(body) > maxBody {
			return
		}
		one := reflect.New(reflect.TypeOf(list[0]).Elem()).Interface().(interface{ check() error })
		if parse(body, one) != nil {
			return
		}
		again := reflect.New(reflect.TypeOf(list[0]).Elem()).Interface().(interface{ check() error })
		if err := parse(appendJSON(nil, one), again); err != nil {
			t.Fatalf("%s is read, but not what is written of it: %v", body, err)
		}
		if !reflect.DeepEqual(one, again) && !bytes.Equal(appendJSON(nil, one), appendJSON(nil, again)) {
			t.Errorf("%s: %+v becomes %+v", body, one, again)
		}
	})
}

// script is a sequence of messages: type, length (2 bytes), body.
func script(messages ...any) (text []byte) {
	for i := 0; i < len(messages); i += 2 {
		body := appendJSON(nil, messages[i+1])
		text = append(text, byte(messages[i].(wire.Type)), byte(len(body)>>8), byte(len(body)))
		text = append(text, body...)
	}
	return text
}

func play(text []byte, w *wire.Writer) {
	for len(text) >= 3 {
		n := min(int(text[1])<<8|int(text[2]), len(text)-3)
		if w.Write(wire.Type(text[0]), text[3:3+n]) != nil {
			return
		}
		text = text[3+n:]
	}
}

// FuzzHost: whatever a client says, in whatever state, nobody is let in who has
// not proved anything, and the login ends.
func FuzzHost(f *testing.F) {
	hash := hashed(f, right)
	hello := &helloMsg{Version: 1, Wants: []string{}, Methods: []Method{}, Nonce: make(b64, nonceLen), Person: true}
	share := &proofMsg{Method: ByPassword, Share: newSpakeProver(binding{}, make([]byte, 32), make([]byte, 32), randomScalar()).share}
	f.Add(script(msgHello, hello, msgProof, share, msgProof, &proofMsg{Method: ByPassword, Confirm: make(b64, 32)}))
	f.Add(script(msgHello, hello, msgProof, &proofMsg{Method: ByToken, Token: make(b64, 32)}, msgProof, share))
	f.Add(script(msgHello, hello, msgProof, &proofMsg{Method: ByAccept}, msgPing, &pingMsg{1}, msgBye, &byeMsg{Closed}))
	f.Add(script(msgHello, hello, msgProof, &proofMsg{Method: methodCode, Code: "000000"}))
	f.Add(script(msgResume, &resumeMsg{make(b64, 32), make(b64, 32)}, msgPing, &pingMsg{1}))
	f.Fuzz(func(t *testing.T, text []byte) {
		synctest.Test(t, func(t *testing.T) {
			h := newHouse(t, hash)
			a, b := p2ptest.Pipe(1 << 20)
			go func() { play(text, wire.NewWriter(a, maxBody)); a.CloseWrite() }()
			h.gate.Serve(h.ctx, thiefID, b)
			b.Close()
			a.Close()
			if n := len(h.gate.Sessions()); n != 0 {
				t.Errorf("%d sessions", n)
			}
			if h.gate.slotsTaken() != 0 || h.gate.asks() {
				t.Error("something is left behind")
			}
			for _, e := range h.told() {
				if e.Kind == EventSessionStart {
					t.Error("there was a session")
				}
			}
		})
	})
}

// FuzzViewer: whatever a host says, the viewer ends, stores no token that it did
// not ask for, and says nothing of the password.
func FuzzViewer(f *testing.F) {
	challenge := &challengeMsg{Version: 1, Methods: []Method{ByPassword, ByAccept}, MaySave: true, KDF: newKDF().msg(), Nonce: make(b64, nonceLen)}
	welcome := &welcomeMsg{Ticket: make(b64, 32), Resume: make(b64, 32), Perms: []string{"view"}, Host: "den", Auth: ByPassword, Token: make(b64, 32)}
	share := newSpakeProver(binding{}, make([]byte, 32), make([]byte, 32), randomScalar()).share
	f.Add(script(msgChallenge, challenge, msgProof, &proofMsg{Method: ByPassword, Share: share, Confirm: make(b64, 32)}))
	f.Add(script(msgChallenge, challenge, msgWelcome, welcome, msgPerms, &permsMsg{[]string{"view"}}, msgBye, &byeMsg{Kicked}))
	f.Add(script(msgChallenge, challenge, msgRefused, &refusedMsg{Code: CodeDenied, Again: true}, msgRefused, &refusedMsg{Code: CodeNeedsCode, Again: true}))
	f.Add(script(msgChallenge, challenge, msgRefused, &refusedMsg{Code: CodeThrottled, RetryAfter: 3, Again: true, Puzzle: newPuzzle(18)}))
	f.Add(script(msgRefused, &refusedMsg{Code: CodeBusy, RetryAfter: 3}))
	f.Fuzz(func(t *testing.T, text []byte) {
		synctest.Test(t, func(t *testing.T) {
			a, b := p2ptest.Pipe(1 << 20)
			var said bytes.Buffer
			var host sync.WaitGroup
			host.Go(func() {
				play(text, wire.NewWriter(b, maxBody))
				time.Sleep(time.Second)
				b.CloseWrite()
			})
			defer host.Wait()
			p := Prover{
				Self: annaID, Host: hostID, Person: true,
				Password: func(_ context.Context, _ Question) (Typed, error) {
					return Typed{Password: Password("the password")}, nil
				},
				SaveLogin: func(Secret) error { t.Error("a token was stored"); return nil },
				stretch:   func(kdf, Password) (w0, w1 []byte) { return make([]byte, 32), make([]byte, 32) },
			}
			if pass, err := LogIn(t.Context(), a, p); err == nil {
				<-pass.Done()
			}
			buf := make([]byte, 1<<20)
			n, _ := b.Read(buf)
			said.Write(buf[:n])
			if bytes.Contains(said.Bytes(), []byte("the password")) {
				t.Error("the password was sent")
			}
			b.Close()
		})
	})
}
