package p2p

import (
	"context"
	"log/slog"

	golog "github.com/ipfs/go-log/v2"
	"github.com/libp2p/go-libp2p/gologshim"
)

// quiet lets what libp2p's own loggers call warnings and errors through as
// debugging: on its own it writes to stderr, also that a listener which we have
// closed is closed.
type quiet struct{ slog.Handler }

// hush gives libp2p's loggers to log. They are libp2p's and one for the whole
// process: the first node that logs anything decides.
func hush(log *slog.Logger) {
	gologshim.SetDefaultHandler(quiet{log.Handler()})
	golog.SetAllLoggers(golog.LevelFatal) // of the DHT, which has another kind
}

func (q quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && q.Handler.Enabled(ctx, slog.LevelDebug)
}

func (q quiet) Handle(ctx context.Context, r slog.Record) error {
	r.Level = slog.LevelDebug
	return q.Handler.Handle(ctx, r)
}

func (q quiet) WithAttrs(attrs []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(attrs)} }
func (q quiet) WithGroup(name string) slog.Handler       { return quiet{q.Handler.WithGroup(name)} }
