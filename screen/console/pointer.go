package console

import "rac/screen"

// beam is the pointer over text: X white, # black, space nothing.
var beam = []string{
	"###.###",
	"#XX#XX#",
	"###X###",
	"..#X#..",
	"..#X#..",
	"..#X#..",
	"..#X#..",
	"..#X#..",
	"..#X#..",
	"..#X#..",
	"..#X#..",
	"..#X#..",
	"###X###",
	"#XX#XX#",
	"###.###",
}

// pointer is the picture of the console's pointer, always the same.
func pointer() *screen.Cursor {
	p := &screen.Cursor{Serial: 1, W: len(beam[0]), H: len(beam), HotX: len(beam[0]) / 2, HotY: len(beam) / 2}
	for _, row := range beam {
		for _, c := range row {
			p.Pix = append(p.Pix, map[rune]uint32{'#': 0xff000000, 'X': 0xffffffff}[c])
		}
	}
	return p
}
