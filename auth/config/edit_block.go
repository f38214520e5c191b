package config

// Edits of the blocks: tokens that the host issues and revokes, machines that a
// login is saved for.

import (
	"fmt"
	"slices"
	"strings"
)

// PutToken writes the block of t.Client: a new one at the end of the file, or
// what differs in the one that is there.
func (e *Edit) PutToken(t Token) error {
	i := slices.IndexFunc(e.c.Tokens, func(o Token) bool { return o.Client == t.Client })
	var old Token
	if i >= 0 {
		old = e.c.Tokens[i]
	}
	return e.putBlock("token", i, "token."+t.Client, old.slots(), t.slots())
}

// UpdateToken changes the block of a client. It is ErrNotFound if somebody has
// deleted the block in the meantime: a revoked token does not come back. What a
// person has edited (name, expires, permissions) is in the Token that f gets.
func (e *Edit) UpdateToken(client string, f func(*Token)) error {
	old := e.c.Token(client)
	if old == nil {
		return fmt.Errorf("token of %s: %w", client, ErrNotFound)
	}
	t := *old
	t.Permissions = slices.Clone(old.Permissions)
	f(&t)
	t.Client = client
	return e.PutToken(t)
}

// RemoveToken removes the block of a client, or returns ErrNotFound.
func (e *Edit) RemoveToken(client string) error {
	i := slices.IndexFunc(e.c.Tokens, func(t Token) bool { return t.Client == client })
	if i < 0 {
		return fmt.Errorf("token of %s: %w", client, ErrNotFound)
	}
	return e.removeBlock("token", i, "token."+client)
}

// ClearTokens removes every token and returns how many there were.
func (e *Edit) ClearTokens() (int, error) {
	if _, inline := e.doc.find("token"); inline {
		return e.clearInline()
	}
	var keys []string
	var cuts []splice
	for i, t := range e.c.Tokens {
		block, err := e.blockCuts("token", i)
		if err != nil {
			return 0, err
		}
		keys, cuts = append(keys, "token."+t.Client), append(cuts, block...)
	}
	return len(keys), e.apply(keys, cuts...)
}

// clearInline removes the parts of token = [{…}] one by one.
func (e *Edit) clearInline() (int, error) {
	n := len(e.c.Tokens)
	for i := range slices.Backward(e.c.Tokens) {
		if err := e.removeBlock("token", i, "token."+e.c.Tokens[i].Client); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// PutPeer writes the block of p.ID.
func (e *Edit) PutPeer(p Peer) error {
	i := slices.IndexFunc(e.c.Peers, func(o Peer) bool { return o.ID == p.ID })
	var old Peer
	if i >= 0 {
		old = e.c.Peers[i]
	}
	return e.putBlock("peer", i, "peer."+p.ID, old.slots(), p.slots())
}

// putBlock writes the slots of block i, or of a new one if i is negative. The
// steps are made on a copy, so that an error leaves the edit as it was.
func (e *Edit) putBlock(name string, i int, change string, old, slots []slot) error {
	for _, s := range slots {
		if s.need && s.blank() {
			return fmt.Errorf("[[%s]] has no %s", name, s.key)
		}
		if err := s.valid(); err != nil {
			return fmt.Errorf("[[%s]]: %s: %w", name, s.key, err)
		}
	}
	if i < 0 {
		return e.newBlock(name, change, slots)
	}
	next := *e
	for k, s := range slots {
		if equal(old[k].value(), s.value()) {
			continue
		}
		if err := next.putSlot(fmt.Sprintf("%s[%d]", name, i), s, change); err != nil {
			return err
		}
	}
	*e = next
	return nil
}

// putSlot writes one key of a block, or removes it.
func (e *Edit) putSlot(block string, s slot, change string) error {
	path := block + "." + s.key
	it, there := e.doc.find(path)
	if !s.empty() {
		return e.put(path, s.value(), []string{change})
	}
	if !there {
		return nil
	}
	if it.lines != (span{}) {
		return e.apply([]string{change}, splice{span: it.lines})
	}
	outer, _ := e.doc.find(block)
	i := slices.IndexFunc(e.parts(outer), func(p item) bool { return p.path == path })
	if i < 0 {
		return fault(e.name, e.text, it.key.from, "is beyond rac: remove it by hand")
	}
	return e.apply([]string{change}, e.removePart(outer, i)...)
}

// newBlock appends a [[name]] block, or a part to name = [{…}].
func (e *Edit) newBlock(name, change string, slots []slot) error {
	var lines []string
	for _, s := range slots {
		if !s.empty() {
			lines = append(lines, s.key+" = "+literal(s.value()))
		}
	}
	if list, ok := e.doc.find(name); ok {
		inline := "{ " + strings.Join(lines, ", ") + " }"
		return e.apply([]string{change}, e.addElement(list, inline)...)
	}
	return e.appendText(append([]string{"[[" + name + "]]"}, lines...), []string{change})
}

// removeBlock removes block i.
func (e *Edit) removeBlock(name string, i int, change string) error {
	cuts, err := e.blockCuts(name, i)
	if err != nil {
		return err
	}
	return e.apply([]string{change}, cuts...)
}

// blockCuts are the lines of block i but for the comment lines between them.
func (e *Edit) blockCuts(name string, i int) ([]splice, error) {
	if list, ok := e.doc.find(name); ok {
		return e.removePart(list, i), nil
	}
	head, ok := e.doc.find(fmt.Sprintf("%s[%d]", name, i))
	if !ok || head.kind != header {
		return nil, &Error{File: e.name, Message: fmt.Sprintf("[[%s]] is written in a way beyond rac: remove it by hand", name)}
	}
	cuts := []splice{{span: head.lines}}
	for _, it := range e.section(head) {
		cuts = append(cuts, splice{span: it.lines})
	}
	if blank, ok := e.blankBefore(cuts); ok {
		cuts = append(cuts, splice{span: blank})
	}
	return cuts, nil
}

// blankBefore returns the blank line in front of adjoining cuts if another one,
// or the end of the text, follows them.
func (e *Edit) blankBefore(cuts []splice) (span, bool) {
	from, to := cuts[0].from, cuts[0].from
	for _, c := range cuts {
		if c.from != to {
			return span{}, false
		}
		to = c.to
	}
	next := e.text[to:lineEnd(e.text, to)]
	before := strings.TrimSuffix(e.text[:from], "\n")
	start := strings.LastIndexByte(before, '\n') + 1
	if start == 0 || start == from || strings.TrimSpace(next) != "" {
		return span{}, false
	}
	return span{start, from}, strings.TrimSpace(e.text[start:from]) == ""
}
