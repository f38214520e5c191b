package auth

// The vectors of docs/certificates.md, for whoever writes this anew.

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"rac/auth/config"
	"rac/p2p/wire"
)

type certVectors struct {
	Seed        string     `json:"seed"` // of the authority's Ed25519 key
	Key         string     `json:"key"`  // as in an [[authority]] block
	Payload     string     `json:"payload"`
	Certificate string     `json:"certificate"`
	Cases       []certCase `json:"cases"`
}

// certCase is a certificate that a peer shows at a moment to a host that trusts
// the key of the vectors.
type certCase struct {
	Name    string   `json:"name"`
	Text    string   `json:"certificate"`
	Peer    string   `json:"peer"`
	At      string   `json:"at"`
	Revoked []string `json:"revoked,omitempty"`
	Error   string   `json:"error"` // "": believed
}

// judge is what a host makes of it.
func (c certCase) judge() string {
	at, err := time.Parse(time.RFC3339, c.At)
	if err != nil {
		return err.Error()
	}
	cert, key, err := ReadCertificate(c.Text, vectorPublic)
	if err == nil {
		trust := &config.Config{Authorities: []config.Authority{{Name: "ACME", Key: vectorPublic, Revoked: c.Revoked}}}
		_, err = (&credential{cert, key}).believed(wire.PeerID(c.Peer), trust, at)
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func TestTheCertificateVectors(t *testing.T) {
	text, err := os.ReadFile("testdata/certificates.json")
	if err != nil {
		t.Fatal(err)
	}
	var v certVectors
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	seed, err := hex.DecodeString(v.Seed)
	if err != nil {
		t.Fatal(err)
	}
	key := ed25519.NewKeyFromSeed(seed)
	if got := base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey)); got != v.Key || v.Key != vectorPublic {
		t.Errorf("the key is %s, want %s", got, v.Key)
	}
	payload, err := json.Marshal(vectorCert())
	if err != nil || string(payload) != v.Payload {
		t.Errorf("the payload is %s, want %s (%v)", payload, v.Payload, err)
	}
	if got, err := vectorCert().Sign(key); err != nil || got != v.Certificate {
		t.Errorf("signed: %s, want %s (%v)", got, v.Certificate, err)
	}
	doc, err := os.ReadFile("../docs/certificates.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{v.Seed, v.Key, v.Payload, v.Certificate} {
		if !strings.Contains(string(doc), part) {
			t.Errorf("docs/certificates.md does not have %s", part)
		}
	}
	believed := 0
	for _, c := range v.Cases {
		if got := c.judge(); got != c.Error {
			t.Errorf("%s: %q, want %q", c.Name, got, c.Error)
		}
		if c.Error == "" {
			believed++
		}
	}
	if len(v.Cases) < 20 || believed < 4 {
		t.Errorf("%d cases, %d of them believed", len(v.Cases), believed)
	}
}
