package auth

import (
	"bytes"
	"encoding/hex"
	"testing"

	"filippo.io/nistec"
)

// rfc9383 is the first vector of RFC 9383 Appendix C, for
// P256-SHA256-HKDF-SHA256-HMAC-SHA256, with every intermediate value.
var rfc9383 = struct {
	context, idProver, idVerifier                            string
	w0, w1, l, x, shareP, y, shareV, z, v                    string
	transcript, main, keyP, keyV, confirmP, confirmV, shared string
}{
	context: "SPAKE2+-P256-SHA256-HKDF-SHA256-HMAC-SHA256 Test Vectors", idProver: "client", idVerifier: "server",
	w0:     "bb8e1bbcf3c48f62c08db243652ae55d3e5586053fca77102994f23ad95491b3",
	w1:     "7e945f34d78785b8a3ef44d0df5a1a97d6b3b460409a345ca7830387a74b1dba",
	l:      "04eb7c9db3d9a9eb1f8adab81b5794c1f13ae3e225efbe91ea487425854c7fc00f00bfedcbd09b2400142d40a14f2064ef31dfaa903b91d1faea7093d835966efd",
	x:      "d1232c8e8693d02368976c174e2088851b8365d0d79a9eee709c6a05a2fad539",
	shareP: "04ef3bd051bf78a2234ec0df197f7828060fe9856503579bb1733009042c15c0c1de127727f418b5966afadfdd95a6e4591d171056b333dab97a79c7193e341727",
	y:      "717a72348a182085109c8d3917d6c43d59b224dc6a7fc4f0483232fa6516d8b3",
	shareV: "04c0f65da0d11927bdf5d560c69e1d7d939a05b0e88291887d679fcadea75810fb5cc1ca7494db39e82ff2f50665255d76173e09986ab46742c798a9a68437b048",
	z:      "04bbfce7dd7f277819c8da21544afb7964705569bdf12fb92aa388059408d50091a0c5f1d3127f56813b5337f9e4e67e2ca633117a4fbd559946ab474356c41839",
	v:      "0458bf27c6bca011c9ce1930e8984a797a3419797b936629a5a937cf2f11c8b9514b82b993da8a46e664f23db7c01edc87faa530db01c2ee405230b18997f16b68",
	transcript: "38000000000000005350414b45322b2d503235362d5348413235362d484b44462d5348413235362d484d41432d534841323536205465737420566563746f7273" +
		"0600000000000000636c69656e74" + "0600000000000000736572766572" +
		"410000000000000004886e2f97ace46e55ba9dd7242579f2993b64e16ef3dcab95afd497333d8fa12f5ff355163e43ce224e0b0e65ff02ac8e5c7be09419c785e0ca547d55a12e2d20" +
		"410000000000000004d8bbd6c639c62937b04d997f38c3770719c629d7014d49a24b4f98baa1292b4907d60aa6bfade45008a636337f5168c64d9bd36034808cd564490b1e656edbe7" +
		"410000000000000004ef3bd051bf78a2234ec0df197f7828060fe9856503579bb1733009042c15c0c1de127727f418b5966afadfdd95a6e4591d171056b333dab97a79c7193e341727" +
		"410000000000000004c0f65da0d11927bdf5d560c69e1d7d939a05b0e88291887d679fcadea75810fb5cc1ca7494db39e82ff2f50665255d76173e09986ab46742c798a9a68437b048" +
		"410000000000000004bbfce7dd7f277819c8da21544afb7964705569bdf12fb92aa388059408d50091a0c5f1d3127f56813b5337f9e4e67e2ca633117a4fbd559946ab474356c41839" +
		"41000000000000000458bf27c6bca011c9ce1930e8984a797a3419797b936629a5a937cf2f11c8b9514b82b993da8a46e664f23db7c01edc87faa530db01c2ee405230b18997f16b68" +
		"2000000000000000bb8e1bbcf3c48f62c08db243652ae55d3e5586053fca77102994f23ad95491b3",
	main:     "4c59e1ccf2cfb961aa31bd9434478a1089b56cd11542f53d3576fb6c2a438a29",
	keyP:     "871ae3f7b78445e34438fb284504240239031c39d80ac23eb5ab9be5ad6db58a",
	keyV:     "ccd53c7c1fa37b64a462b40db8be101cedcf838950162902054e644b400f1680",
	confirmP: "926cc713504b9b4d76c9162ded04b5493e89109f6d89462cd33adc46fda27527",
	confirmV: "9747bcc4f8fe9f63defee53ac9b07876d907d55047e6ff2def2e7529089d3e68",
	shared:   "0c5f8ccd1413423a54f6c1fb26ff01534a87f893779c6e68666d772bfd91f3e7",
}

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestEveryValueOfRFC9383AppendixC(t *testing.T) {
	r := rfc9383
	bind := binding{context: []byte(r.context), idProver: r.idProver, idVerifier: r.idVerifier}
	l := timesBase(unhex(t, r.w1))
	p := newSpakeProver(bind, unhex(t, r.w0), unhex(t, r.w1), unhex(t, r.x))
	v, err := newSpakeVerifier(bind, unhex(t, r.w0), l, p.share, unhex(t, r.y))
	if err != nil {
		t.Fatal(err)
	}
	confirmP, err := p.finish(v.share, v.confirm)
	if err != nil {
		t.Fatalf("the prover does not believe the verifier: %v", err)
	}
	if !v.holds(confirmP) {
		t.Error("the verifier does not believe the prover")
	}
	z := point(t, r.z)
	keys, err := bind.keys(p.share, v.share, z, point(t, r.v), unhex(t, r.w0))
	if err != nil {
		t.Fatal(err)
	}
	rest := minus(point(t, r.shareV), times(spakeN(), unhex(t, r.w0)))
	for _, c := range []struct {
		name string
		got  []byte
		want string
	}{
		{"L", l.Bytes(), r.l},
		{"shareP", p.share, r.shareP},
		{"shareV", v.share, r.shareV},
		{"Z of the prover", times(rest, unhex(t, r.x)).Bytes(), r.z},
		{"V of the prover", times(rest, unhex(t, r.w1)).Bytes(), r.v},
		{"Z of the verifier", times(minus(point(t, r.shareP), times(spakeM(), unhex(t, r.w0))), unhex(t, r.y)).Bytes(), r.z},
		{"V of the verifier", times(l, unhex(t, r.y)).Bytes(), r.v},
		{"TT", keys.transcript, r.transcript},
		{"K_main", keys.main, r.main},
		{"K_confirmP", keys.keyP, r.keyP},
		{"K_confirmV", keys.keyV, r.keyV},
		{"HMAC(K_confirmP, shareV)", keys.confirmP, r.confirmP},
		{"HMAC(K_confirmV, shareP)", keys.confirmV, r.confirmV},
		{"confirmP on the line", confirmP, r.confirmP},
		{"confirmV on the line", v.confirm, r.confirmV},
		{"K_shared", keys.shared, r.shared},
	} {
		if got := hex.EncodeToString(c.got); got != c.want {
			t.Errorf("%s is %s, want %s", c.name, got, c.want)
		}
	}
}

func point(t testing.TB, text string) *nistec.P256Point {
	t.Helper()
	p, err := parsePoint(unhex(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAPointOffTheCurveOrTheIdentityIsRefused(t *testing.T) {
	good := unhex(t, rfc9383.shareP)
	off := bytes.Clone(good)
	off[64] ^= 1
	for name, share := range map[string][]byte{
		"off the curve": off, "the identity": {0}, "nothing": nil, "cut short": good[:64], "compressed": point(t, rfc9383.shareP).BytesCompressed(),
		"zeros": make([]byte, 65), "not below the prime": append([]byte{4}, bytes.Repeat([]byte{0xff}, 64)...),
	} {
		if _, err := newSpakeVerifier(binding{}, unhex(t, rfc9383.w0), point(t, rfc9383.l), share, unhex(t, rfc9383.y)); err == nil {
			t.Errorf("the host takes a share that is %s", name)
		}
		p := newSpakeProver(binding{}, unhex(t, rfc9383.w0), unhex(t, rfc9383.w1), unhex(t, rfc9383.x))
		if _, err := p.finish(share, make([]byte, 32)); err == nil {
			t.Errorf("the viewer takes a share that is %s", name)
		}
	}
}

// A viewer who sends w0*M or a host who sends w0*N would make Z the identity.
func TestASharesThatCancelsOutIsRefused(t *testing.T) {
	w0 := unhex(t, rfc9383.w0)
	if _, err := newSpakeVerifier(binding{}, w0, point(t, rfc9383.l), times(spakeM(), w0).Bytes(), unhex(t, rfc9383.y)); err == nil {
		t.Error("the host goes on with Z at infinity")
	}
	p := newSpakeProver(binding{}, w0, unhex(t, rfc9383.w1), unhex(t, rfc9383.x))
	if _, err := p.finish(times(spakeN(), w0).Bytes(), make([]byte, 32)); err == nil {
		t.Error("the viewer goes on with Z at infinity")
	}
}

func TestNeitherSideConfirmsWhatTheOtherDidNotSee(t *testing.T) {
	w0, w1 := unhex(t, rfc9383.w0), unhex(t, rfc9383.w1)
	bind := binding{context: []byte("hello and challenge"), idProver: "viewer", idVerifier: "host"}
	for name, other := range map[string]binding{
		"another context": {[]byte("another challenge"), "viewer", "host"},
		"another viewer":  {bind.context, "thief", "host"},
		"another host":    {bind.context, "viewer", "man in the middle"},
		"a moved border":  {bind.context, "viewerh", "ost"},
	} {
		p := newSpakeProver(bind, w0, w1, randomScalar())
		v, err := newSpakeVerifier(other, w0, timesBase(w1), p.share, randomScalar())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.finish(v.share, v.confirm); err == nil {
			t.Errorf("%s: the viewer believes the host", name)
		}
	}
}

func TestWithTheVerifierAloneNobodyLogsIn(t *testing.T) {
	w0, w1 := unhex(t, rfc9383.w0), unhex(t, rfc9383.w1)
	thief := newSpakeProver(binding{}, w0, randomScalar(), randomScalar()) // he has w0 and L, but not w1
	v, err := newSpakeVerifier(binding{}, w0, timesBase(w1), thief.share, randomScalar())
	if err != nil {
		t.Fatal(err)
	}
	if confirm, err := thief.finish(v.share, v.confirm); err == nil || v.holds(confirm) {
		t.Error("a thief of the config logs in")
	}
}

func FuzzSharesFromThePeer(f *testing.F) {
	f.Add(unhex(f, rfc9383.shareP), unhex(f, rfc9383.confirmV))
	f.Add([]byte{0}, []byte{})
	f.Add(unhex(f, rfc9383.shareV)[:33], make([]byte, 32))
	bind := binding{context: []byte(rfc9383.context), idProver: rfc9383.idProver, idVerifier: rfc9383.idVerifier}
	w0, w1 := unhex(f, rfc9383.w0), unhex(f, rfc9383.w1)
	f.Fuzz(func(t *testing.T, share, confirm []byte) {
		if v, err := newSpakeVerifier(bind, w0, timesBase(w1), share, unhex(t, rfc9383.y)); err == nil && v.holds(confirm) {
			t.Error("a made-up confirmation holds at the host")
		}
		if _, err := newSpakeProver(bind, w0, w1, unhex(t, rfc9383.x)).finish(share, confirm); err == nil && !bytes.Equal(share, unhex(t, rfc9383.shareV)) {
			t.Error("a made-up confirmation holds at the viewer")
		}
	})
}

func BenchmarkHostPaysForOnePasswordTry(b *testing.B) {
	w0, l := unhex(b, rfc9383.w0), point(b, rfc9383.l)
	share := unhex(b, rfc9383.shareP)
	for b.Loop() {
		if _, err := newSpakeVerifier(binding{}, w0, l, share, randomScalar()); err != nil {
			b.Fatal(err)
		}
	}
}
