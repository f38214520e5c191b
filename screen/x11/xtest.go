package x11

// What is down on the devices that a server has for its XTEST extension, by the
// X Input Extension (version 1).

import "strings"

// Requests of the extension, and its classes of input.
const (
	xiListInputDevices = 2
	xiQueryDeviceState = 30
	xiKeys             = 0
	xiButtons          = 1
)

// DownOnXTEST returns the keys and buttons that are down on the XTEST devices;
// none where the server does not say which those are.
func (c *Conn) DownOnXTEST() (keys, buttons []byte) {
	ext, err := c.Extension("XInputExtension")
	if err != nil || ext == nil {
		return nil, nil
	}
	list, err := c.ask(ext.MajorOpcode, xiListInputDevices).Reply()
	if err != nil {
		return nil, nil
	}
	for _, id := range xtestDevices(list) {
		state, err := c.ask(ext.MajorOpcode, xiQueryDeviceState, uint16(id), 0).Reply()
		if err != nil {
			return keys, buttons
		}
		k, b := downOn(state)
		keys, buttons = append(keys, k...), append(buttons, b...)
	}
	return keys, buttons
}

// xtestDevices reads the reply to ListInputDevices: the IDs of the devices named
// "… XTEST keyboard" and "… XTEST pointer".
func xtestDevices(b []byte) (ids []byte) {
	if len(b) < 32 {
		return nil
	}
	n := int(b[8])
	r := &reply{rest: b[32:]}
	devices := r.take(8 * n)
	for i := range n {
		for range devices[8*i+5] { // its classes
			r.skipClass()
		}
	}
	for i := range n {
		name := string(r.take(int(r.take(1)[0])))
		if strings.Contains(name, "XTEST") {
			ids = append(ids, devices[8*i+4])
		}
	}
	if r.short {
		return nil
	}
	return ids
}

// skipClass takes one class with its length, and returns its kind and body.
func (r *reply) skipClass() (kind byte, body []byte) {
	head := r.take(2)
	return head[0], r.take(max(int(head[1])-2, 0))
}

// downOn reads the reply to QueryDeviceState: the keys and buttons that are down.
func downOn(b []byte) (keys, buttons []byte) {
	if len(b) < 32 {
		return nil, nil
	}
	r := &reply{rest: b[32:]}
	for range b[8] {
		kind, body := r.skipClass()
		if len(body) < 34 || r.short {
			continue
		}
		switch kind {
		case xiKeys:
			keys = bitsOf(body[2:34])
		case xiButtons:
			buttons = bitsOf(body[2:34])
		}
	}
	return keys, buttons
}

// bitsOf lists the bits that are set.
func bitsOf(set []byte) (list []byte) {
	for i := range 8 * len(set) {
		if set[i/8]&(1<<(i%8)) != 0 {
			list = append(list, byte(i))
		}
	}
	return list
}
