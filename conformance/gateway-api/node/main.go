// Gateproof-node is the node of a cluster without machines: it registers a Node, runs the echo
// images of the Gateway API suite for the pods that are bound to it, each pod on its own loopback
// address, and serves their logs as a kubelet does. It is a plain client of the API server.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

type options struct {
	api        string
	kubeconfig string
	name       string
	address    string
	podNetwork string
	logLines   int
}

func parseOptions(args []string) (options, error) {
	var got options
	flags := flag.NewFlagSet("gateproof-node", flag.ContinueOnError)
	flags.StringVar(&got.api, "api", "", "URL of the API server (or -kubeconfig)")
	flags.StringVar(&got.kubeconfig, "kubeconfig", "", "kubeconfig file; its current context is used")
	flags.StringVar(&got.name, "name", "gateproof-node", "name of the Node")
	flags.StringVar(&got.address, "address", "127.0.0.1:0", "where logs are served; its host is the Node's InternalIP")
	flags.StringVar(&got.podNetwork, "pod-network", "127.102.0.0/16", "where pods without a podIP get one from")
	flags.IntVar(&got.logLines, "log-lines", 100_000, "lines that are kept of each container's log")
	if err := flags.Parse(args); err != nil {
		return got, err
	}
	switch {
	case (got.api == "") == (got.kubeconfig == ""):
		return got, errors.New("give one of -api and -kubeconfig")
	case got.logLines < 1:
		return got, errors.New("-log-lines must be at least 1")
	case flags.NArg() > 0:
		return got, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	return got, nil
}

func run(ctx context.Context, opts options) error {
	api, err := connect(opts.api, opts.kubeconfig)
	if err != nil {
		return err
	}
	pool, err := newAddressPool(opts.podNetwork)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", opts.address)
	if err != nil {
		return err
	}
	agent := newAgent(api, opts.name, pool, opts.logLines)
	server := &http.Server{Handler: agent.logHandler(), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	defer agent.stopAll()

	at := listener.Addr().(*net.TCPAddr)
	return agent.serve(ctx, at, func() { fmt.Printf("node %s ready, logs at http://%s\n", opts.name, at) })
}

func main() {
	opts, err := parseOptions(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "gateproof-node:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, opts); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "gateproof-node:", err)
		os.Exit(1)
	}
}
