package main

import (
	"fmt"
	"net"
	"strconv"
	"strings"
)

// backend is a running container.
type backend interface {
	close()
}

// image starts a container of one repository; it returns when every socket listens.
type image func(with *settings, log *containerLog) (backend, error)

// The images that this node can run, by the end of their repository's name: registries and tags
// differ from one version of the suite to the next.
var images = []struct {
	repository string
	start      image
}{
	{"gateway-api/echo-basic", startEchoBasic},
	{"gateway-api/conformance/echo-basic", startEchoBasic},
	{"coredns/coredns", startDNS},
}

func findImage(name string) (image, error) {
	repository, _, _ := strings.Cut(name, "@")
	if slash, colon := strings.LastIndex(repository, "/"), strings.LastIndex(repository, ":"); colon > slash {
		repository = repository[:colon]
	}
	for _, one := range images {
		if repository == one.repository || strings.HasSuffix(repository, "/"+one.repository) {
			return one.start, nil
		}
	}
	return nil, fmt.Errorf("this node has no image %q", name)
}

// startEchoBasic chooses the server as the image does: by a variable, HTTP if there is none.
func startEchoBasic(with *settings, log *containerLog) (backend, error) {
	switch {
	case with.env["GRPC_ECHO_SERVER"] != "":
		return startGRPC(with, log)
	case with.env["TCP_ECHO_SERVER"] != "":
		return startTCP(with, log)
	case with.env["UDP_ECHO_SERVER"] != "":
		return startUDP(with, log)
	default:
		return startHTTP(with, log)
	}
}

// port is the port that a variable names, else `standard`.
func (s *settings) port(name string, standard int) (int, error) {
	text := s.env[name]
	if text == "" {
		return standard, nil
	}
	port, err := strconv.Atoi(text)
	if err != nil || port < 1 || port > 65535 {
		return 0, fmt.Errorf("%s=%q is no port", name, text)
	}
	return port, nil
}

// listen binds the port that a variable names on the pod's own address.
func (s *settings) listen(name string, standard int) (net.Listener, int, error) {
	port, err := s.port(name, standard)
	if err != nil {
		return nil, 0, err
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(s.ip, strconv.Itoa(port)))
	return listener, port, err
}

// closers closes several things as one backend, the last opened first.
type closers []func()

func (c closers) close() {
	for at := len(c) - 1; at >= 0; at-- {
		c[at]()
	}
}
