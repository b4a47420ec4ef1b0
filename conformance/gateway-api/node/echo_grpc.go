package main

import (
	"context"
	"crypto/tls"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	pb "sigs.k8s.io/gateway-api-conformance-images/echo-basic/grpcechoserver"
)

// grpcEcho answers a call with its method and metadata; EchoThree is left unimplemented, which the
// suite counts on.
type grpcEcho struct {
	pb.UnimplementedGrpcEchoServer
	pod *pb.Context
	log *containerLog
}

func startGRPC(with *settings, log *containerLog) (backend, error) {
	own := with.context()
	echo := &grpcEcho{log: log, pod: &pb.Context{
		Namespace: own.Namespace, Ingress: own.Ingress, ServiceName: own.Service, Pod: own.Pod,
	}}
	plain, _, err := with.listen("HTTP_PORT", 3000)
	if err != nil {
		return nil, err
	}
	running := closers{serveGRPC(plain, echo)}
	config, err := with.serverTLS("TLS_SERVER_CERT", "TLS_SERVER_PRIV_KEY")
	if err == nil && config != nil {
		var secure net.Listener
		if secure, _, err = with.listen("HTTPS_PORT", 8443); err == nil {
			running = append(running, serveGRPC(secure, echo, grpc.Creds(credentials.NewTLS(config))))
		}
	}
	if err != nil {
		running.close()
		return nil, err
	}
	return running, nil
}

func serveGRPC(at net.Listener, echo *grpcEcho, options ...grpc.ServerOption) func() {
	server := grpc.NewServer(options...)
	pb.RegisterGrpcEchoServer(server, echo)
	go func() { _ = server.Serve(at) }()
	return server.Stop
}

func (s *grpcEcho) Echo(ctx context.Context, in *pb.EchoRequest) (*pb.EchoResponse, error) {
	return s.answer(ctx, in)
}

func (s *grpcEcho) EchoTwo(ctx context.Context, in *pb.EchoRequest) (*pb.EchoResponse, error) {
	return s.answer(ctx, in)
}

func (s *grpcEcho) answer(ctx context.Context, in *pb.EchoRequest) (*pb.EchoResponse, error) {
	method, _ := grpc.Method(ctx)
	seen := &pb.Assertions{FullyQualifiedMethod: method, Context: s.pod}
	values, _ := metadata.FromIncomingContext(ctx)
	for name, all := range values {
		for _, value := range all {
			if name == ":authority" {
				seen.Authority = value
			}
			seen.Headers = append(seen.Headers, &pb.Header{Key: name, Value: value})
		}
	}
	if from, ok := peer.FromContext(ctx); ok {
		if info, ok := from.AuthInfo.(credentials.TLSInfo); ok {
			seen.TlsAssertions = grpcTLS(&info.State)
		}
	}
	s.log.printf("Received %s with %v", method, in)
	return &pb.EchoResponse{Assertions: seen, Request: in}, nil
}

func grpcTLS(state *tls.ConnectionState) *pb.TLSAssertions {
	return &pb.TLSAssertions{
		Version: tlsVersions[state.Version], NegotiatedProtocol: state.NegotiatedProtocol,
		ServerName: state.ServerName, CipherSuite: tls.CipherSuiteName(state.CipherSuite),
		PeerCertificates: pemCertificates(state.PeerCertificates),
	}
}
