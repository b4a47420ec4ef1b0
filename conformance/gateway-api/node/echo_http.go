package main

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/websocket"
)

// podContext says which pod answered; every echo server puts it into its answers.
type podContext struct {
	Namespace string `json:"namespace"`
	Ingress   string `json:"ingress"`
	Service   string `json:"service"`
	Pod       string `json:"pod"`
}

func (s *settings) context() podContext {
	return podContext{s.env["NAMESPACE"], s.env["INGRESS_NAME"], s.env["SERVICE_NAME"], s.env["POD_NAME"]}
}

// httpEcho is what the suite reads out of an answer.
type httpEcho struct {
	Path     string              `json:"path"`
	Host     string              `json:"host"`
	Method   string              `json:"method"`
	Proto    string              `json:"proto"`
	Headers  map[string][]string `json:"headers"`
	HTTPPort string              `json:"httpPort"`
	podContext
	TLS *httpTLS `json:"tls,omitempty"`
}

type httpTLS struct {
	Version            string   `json:"version"`
	PeerCertificates   []string `json:"peerCertificates,omitempty"`
	ServerName         string   `json:"serverName"`
	NegotiatedProtocol string   `json:"negotiatedProtocol,omitempty"`
	CipherSuite        string   `json:"cipherSuite"`
}

// httpServer answers with what it was asked; failing and slow answers can be asked for.
type httpServer struct {
	context podContext
	port    int
	log     *containerLog

	mutex    sync.Mutex
	failures map[string]int // by the uuid of a client's attempt
}

func startHTTP(with *settings, log *containerLog) (backend, error) {
	plain, port, err := with.listen("HTTP_PORT", 3000)
	if err != nil {
		return nil, err
	}
	echo := &httpServer{context: with.context(), port: port, log: log, failures: map[string]int{}}
	running := closers{serveHTTP(plain, echo.routes(), log, nil)}
	h2c, _, err := with.listen("H2C_PORT", 3001)
	if err != nil {
		running.close()
		return nil, err
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true) // to be refused by the handler
	protocols.SetUnencryptedHTTP2(true)
	running = append(running, serveHTTP(h2c, http.HandlerFunc(echo.onlyH2C), log, protocols))
	secure, err := startHTTPS(with, echo)
	if err != nil {
		running.close()
		return nil, err
	}
	return append(running, secure), nil
}

// startHTTPS adds the port with TLS, if the container has a certificate.
func startHTTPS(with *settings, echo *httpServer) (func(), error) {
	config, err := with.serverTLS("TLS_SERVER_CERT", "TLS_SERVER_PRIVKEY")
	if config == nil || err != nil {
		return func() {}, err
	}
	if err := with.askForClients(config, "TLS_CLIENT_CACERTS"); err != nil {
		return nil, err
	}
	listener, _, err := with.listen("HTTPS_PORT", 8443)
	if err != nil {
		return nil, err
	}
	server := &http.Server{Handler: echo.routes(), TLSConfig: config, ErrorLog: errorLog(echo.log)}
	go func() { _ = server.ServeTLS(listener, "", "") }()
	return func() { _ = server.Close() }, nil
}

func serveHTTP(at net.Listener, handler http.Handler, log *containerLog, protocols *http.Protocols) func() {
	server := &http.Server{Handler: handler, Protocols: protocols, ErrorLog: errorLog(log)}
	go func() { _ = server.Serve(at) }()
	return func() { _ = server.Close() }
}

type logWriter struct{ log *containerLog }

func (w logWriter) Write(text []byte) (int, error) {
	w.log.printf("%s", text)
	return len(text), nil
}

func errorLog(to *containerLog) *log.Logger { return log.New(logWriter{to}, "", 0) }

func (s *httpServer) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/health", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "OK") })
	mux.HandleFunc("/status/", s.status)
	mux.HandleFunc("/retry/", s.retry)
	mux.Handle("/ws", websocket.Handler(func(peer *websocket.Conn) {
		s.log.printf("websocket with %s", peer.RemoteAddr())
		_, _ = io.Copy(peer, peer)
	}))
	mux.HandleFunc("/", s.echo)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// A mux redirects doubled slashes away; the answer shows RequestURI, which keeps them.
		r.URL.Path = strings.ReplaceAll(r.URL.Path, "//", "/")
		mux.ServeHTTP(w, r)
	})
}

func (s *httpServer) onlyH2C(w http.ResponseWriter, r *http.Request) {
	if r.ProtoMajor != 2 && r.Header.Get("Upgrade") != "h2c" {
		http.Error(w, "this port speaks HTTP/2 without TLS", http.StatusBadRequest)
		return
	}
	s.echo(w, r)
}

var statusPath = regexp.MustCompile(`^/status/(\d{3})$`)

func (s *httpServer) status(w http.ResponseWriter, r *http.Request) {
	code := http.StatusBadRequest
	if found := statusPath.FindStringSubmatch(r.RequestURI); found != nil {
		code, _ = strconv.Atoi(found[1])
	}
	w.WriteHeader(code)
}

// wait sleeps for the duration that a query parameter asks for; false if it is no duration.
func wait(w http.ResponseWriter, r *http.Request, name string) bool {
	text := r.URL.Query().Get(name)
	if text == "" {
		return true
	}
	duration, err := time.ParseDuration(text)
	if err != nil {
		refuse(w, http.StatusInternalServerError, err.Error())
		return false
	}
	select {
	case <-time.After(duration):
		return true
	case <-r.Context().Done():
		return false
	}
}

func refuse(w http.ResponseWriter, code int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": message})
}

// retry fails the first attempts of each uuid, as often and in the way that the query says.
func (s *httpServer) retry(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	id, wanted := query.Get("uuid"), query.Get("succeedAfter")
	after, err := strconv.Atoi(wanted)
	if id == "" || err != nil {
		refuse(w, http.StatusBadRequest, "uuid and succeedAfter are needed")
		return
	}
	s.mutex.Lock()
	fails := s.failures[id] < after
	if fails {
		s.failures[id]++
	}
	s.mutex.Unlock()
	if !fails {
		s.echo(w, r)
		return
	}
	s.log.printf("failing an attempt at %s", r.RequestURI)
	if !wait(w, r, "delayRetry") {
		return
	}
	if code, err := strconv.Atoi(query.Get("responseCode")); err == nil {
		w.WriteHeader(code)
		return
	}
	reset(w)
}

// reset breaks the connection off with a TCP RST.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		refuse(w, http.StatusInternalServerError, err.Error())
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

func (s *httpServer) echo(w http.ResponseWriter, r *http.Request) {
	// The suite looks for this very line in the logs of a mirror's target.
	s.log.printf("Echoing back request made to %s to client (%s)", r.RequestURI, r.RemoteAddr)
	if !wait(w, r, "delay") {
		return
	}
	answer := httpEcho{
		Path: r.RequestURI, Host: r.Host, Method: r.Method, Proto: r.Proto, Headers: r.Header,
		HTTPPort: strconv.Itoa(s.port), podContext: s.context,
	}
	if state := r.TLS; state != nil {
		answer.TLS = &httpTLS{
			Version: tlsVersions[state.Version], PeerCertificates: pemCertificates(state.PeerCertificates),
			ServerName: state.ServerName, NegotiatedProtocol: state.NegotiatedProtocol,
			CipherSuite: tls.CipherSuiteName(state.CipherSuite),
		}
	}
	text, err := json.MarshalIndent(answer, "", " ")
	if err != nil {
		refuse(w, http.StatusInternalServerError, err.Error())
		return
	}
	setWanted(w.Header(), r.Header.Values("X-Echo-Set-Header"))
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(text)
}

// setWanted adds the headers that a client asks for, as `Name:value, Name:value`. They go into the
// map as they are written, for the suite compares their casing; a repeated one is joined.
func setWanted(into http.Header, wanted []string) {
	for _, list := range wanted {
		for part := range strings.SplitSeq(list, ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(part), ":")
			if old := into[name]; len(old) > 0 {
				into[name] = []string{fmt.Sprintf("%s,%s", old[0], strings.TrimSpace(value))}
			} else {
				into[name] = []string{value}
			}
		}
	}
}
