package main

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"

	"golang.org/x/net/dns/dnsmessage"
	"sigs.k8s.io/gateway-api-conformance-images/echo-basic/tcpserver"
	"sigs.k8s.io/gateway-api-conformance-images/echo-basic/udpechoserver"
)

const (
	handshakeTime    = 10 * time.Second
	datagramBytesMax = 1024 // the buffer of the image
)

// tcpServer speaks first, then answers a few words a line each.
type tcpServer struct {
	context tcpserver.Context
	log     *containerLog

	mutex sync.Mutex
	peers map[net.Conn]bool
}

func startTCP(with *settings, log *containerLog) (backend, error) {
	plain, port, err := with.listen("TCP_PORT", 3000)
	if err != nil {
		return nil, err
	}
	running := closers{func() { _ = plain.Close() }}
	tlsPort, err := with.port("TLS_PORT", 8443)
	if err != nil {
		running.close()
		return nil, err
	}
	own := with.context()
	server := &tcpServer{log: log, peers: map[net.Conn]bool{}, context: tcpserver.Context{
		Namespace: own.Namespace, Ingress: own.Ingress, Service: own.Service, Pod: own.Pod,
		TCPPort: strconv.Itoa(port), TLSPort: strconv.Itoa(tlsPort),
	}}
	running = append(running, server.closePeers)
	config, err := with.serverTLS("TLS_SERVER_CERT", "TLS_SERVER_PRIV_KEY")
	if err == nil && config != nil {
		var secure net.Listener
		if secure, _, err = with.listen("TLS_PORT", 8443); err == nil {
			running = append(running, func() { _ = secure.Close() })
			go server.accept(tls.NewListener(secure, config))
		}
	}
	if err != nil {
		running.close()
		return nil, err
	}
	go server.accept(plain)
	return running, nil
}

func (s *tcpServer) accept(at net.Listener) {
	for {
		conn, err := at.Accept()
		if err != nil {
			return
		}
		s.mutex.Lock()
		s.peers[conn] = true
		s.mutex.Unlock()
		go s.talk(conn)
	}
}

func (s *tcpServer) closePeers() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for conn := range s.peers {
		_ = conn.Close()
	}
}

func (s *tcpServer) talk(conn net.Conn) {
	defer func() {
		_ = conn.Close()
		s.mutex.Lock()
		delete(s.peers, conn)
		s.mutex.Unlock()
	}()
	about := tcpserver.TCPAssertions{Context: s.context}
	if secure, ok := conn.(*tls.Conn); ok {
		_ = conn.SetDeadline(time.Now().Add(handshakeTime))
		if err := secure.Handshake(); err != nil {
			s.log.printf("handshake with %s: %v", conn.RemoteAddr(), err)
			return
		}
		_ = conn.SetDeadline(time.Time{})
		state := secure.ConnectionState()
		about.IsTLS = true
		about.TLSAssertion = &tcpserver.TLSAssertions{
			Version: tls.VersionName(state.Version), ServerName: state.ServerName,
			NegotiatedProtocol: state.NegotiatedProtocol, Curves: state.CurveID.String(),
			CipherSuite: tls.CipherSuiteName(state.CipherSuite),
		}
	}
	s.log.printf("connection from %s", conn.RemoteAddr())
	if _, err := fmt.Fprint(conn, tcpserver.WelcomeMessage); err != nil {
		return
	}
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		if text := s.reply(lines.Text(), &about); text != "" {
			if _, err := fmt.Fprintln(conn, text); err != nil {
				return
			}
		}
	}
}

func (s *tcpServer) reply(line string, about *tcpserver.TCPAssertions) string {
	switch line {
	case "PING":
		return "PONG"
	case "IS_TLS":
		return strconv.FormatBool(about.IsTLS)
	case "TEST":
		text, err := json.Marshal(about)
		if err != nil {
			s.log.printf("TEST: %v", err)
		}
		return string(text)
	}
	return ""
}

// serveDatagrams answers each datagram with what `reply` makes of it; nil stays unanswered.
func serveDatagrams(with *settings, variable string, standard int, reply func([]byte, net.Addr) []byte) (backend, error) {
	port, err := with.port(variable, standard)
	if err != nil {
		return nil, err
	}
	socket, err := net.ListenPacket("udp", net.JoinHostPort(with.ip, strconv.Itoa(port)))
	if err != nil {
		return nil, err
	}
	go func() {
		buffer := make([]byte, datagramBytesMax)
		for {
			size, from, err := socket.ReadFrom(buffer)
			if err != nil {
				return
			}
			if answer := reply(buffer[:size], from); answer != nil {
				_, _ = socket.WriteTo(answer, from)
			}
		}
	}()
	return closers{func() { _ = socket.Close() }}, nil
}

func startUDP(with *settings, log *containerLog) (backend, error) {
	own := udpechoserver.Context(with.context())
	return serveDatagrams(with, "UDP_PORT", 8080, func(request []byte, from net.Addr) []byte {
		log.printf("Received UDP %s from %s", request, from)
		answer, err := json.Marshal(udpechoserver.EchoResponse{Request: string(request), Context: own})
		if err != nil {
			return nil
		}
		return answer
	})
}

// startDNS stands for a name server: it answers every question with the client's address, which is
// what the suite's zone (`whoami`) is about.
func startDNS(with *settings, log *containerLog) (backend, error) {
	return serveDatagrams(with, "DNS_PORT", 53, func(request []byte, from net.Addr) []byte {
		answer, err := answerDNS(request, from)
		if err != nil {
			log.printf("no DNS question from %s: %v", from, err)
			return nil
		}
		log.printf("answered a DNS question from %s", from)
		return answer
	})
}

func answerDNS(request []byte, from net.Addr) ([]byte, error) {
	var parser dnsmessage.Parser
	header, err := parser.Start(request)
	if err != nil {
		return nil, err
	}
	question, err := parser.Question()
	if err != nil {
		return nil, err
	}
	answer := dnsmessage.Message{
		Header: dnsmessage.Header{
			ID: header.ID, Response: true, Authoritative: true, OpCode: header.OpCode,
			RecursionDesired: header.RecursionDesired,
		},
		Questions: []dnsmessage.Question{question},
	}
	if udp, ok := from.(*net.UDPAddr); ok && udp.IP.To4() != nil && question.Type == dnsmessage.TypeA {
		answer.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: question.Name, Type: question.Type, Class: question.Class},
			Body:   &dnsmessage.AResource{A: [4]byte(udp.IP.To4())},
		}}
	}
	return answer.Pack()
}
