# make test needs Go, make and the rights to install Debian packages; it installs the rest.

export CGO_ENABLED ?= 0
# What the tests type into real programs is UTF-8; a fresh machine has no locale.
export LC_ALL := C.UTF-8
GO       ?= go
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
# Two builds of one commit are equal byte for byte, wherever the folder is.
FLAGS    := -trimpath -buildvcs=false -ldflags="-s -w -buildid= -X main.version=$(VERSION)"
TARGETS  := linux/amd64 linux/arm64 linux/arm linux/riscv64 windows/amd64 darwin/arm64 freebsd/amd64
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.7.0

.PHONY: build test lint bench glass cross deps fuzz flood natlab faults relay dht

build:
	$(GO) build $(FLAGS) -o rac .

deps:
	@sh .ci/deps

lint:
	@test -z "$$(gofmt -l .)" || { echo "gofmt -w these:"; gofmt -l .; exit 1; }
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...

test: deps lint
	CGO_ENABLED=1 $(GO) test -race -parallel 4 -timeout 60m ./...

# Each fuzz target for a while: make fuzz FOR=5m
FOR ?= 20s
fuzz:
	@sh .ci/fuzz $(FOR)

# The owner's logins while 10,000 identities guess and 800 dribble, about two minutes.
flood: deps
	RAC_FLOOD=full $(GO) test -count=1 -timeout 15m -v -run '^TestTheOwnerGetsInDuringAFlood$$' .

# Every pair of NATs, in both directions, with and without UDP: how soon there is a
# picture and a direct path. As root; about 12 minutes a round: make natlab RUNS=1
RUNS ?= 3
natlab: deps
	RAC_NATLAB=$(RUNS) $(GO) test -count=1 -timeout 60m -v -run '^TestAPictureComesThroughEveryPairOfNATs$$' .

# Sessions that lose their line in every way, five times each, over lines with
# 80 ms to the other side and back. As root; about 10 minutes a round: make faults ROUNDS=1
ROUNDS ?= 5
faults: deps
	RAC_FAULTS=$(ROUNDS) $(GO) test -count=1 -timeout 3h -v -run '^TestASession(OutlivesItsLine|MovesToADirectPathUnnoticed)$$' .

# What a relay carries and costs: lines of 20 and 100 Mbit/s, 1,000 hosts, 50 streams; three minutes.
relay: deps
	RAC_LINE_RATES="20 100" $(GO) test -count=1 -timeout 10m -v -run '^TestARelayFillsTheLine$$' ./p2p
	RAC_RELAY_HOSTS=1000 RAC_RELAY_STREAMS=50 RAC_RELAY_FOR=1m $(GO) test -count=1 -timeout 10m -v -run '^TestARelayFullOfHosts$$' ./p2p

# How soon a bare ID is found among so many servers of the public network, three in ten of
# which do not answer; simulated, half a minute: make dht NODES=10000
NODES ?= 10000
dht:
	RAC_DHT_NODES=$(NODES) $(GO) test -count=1 -timeout 15m -v -run '^TestAnIDIsFoundAmongThousandsOfServers$$' ./p2p

# Codec, capture, input, login, streams; then from screen to screen beside TigerVNC.
bench: deps
	$(GO) test -run '^$$' -bench . -benchmem ./screen/... ./input/... ./auth/... ./p2p/...
	@sh .ci/glass lan,gbit,wan,slow,lossy $(REPS)

# One link alone: make glass LINKS=wan REPS=1
LINKS ?= lan
REPS ?= 3
glass: deps
	@sh .ci/glass $(LINKS) $(REPS)

cross:
	@for t in $(TARGETS); do \
		echo "$$t"; \
		GOOS=$${t%/*} GOARCH=$${t#*/} $(GO) build $(FLAGS) -o dist/rac-$${t%/*}-$${t#*/}$$(test $${t%/*} = windows && echo .exe) . || exit 1; \
	done
