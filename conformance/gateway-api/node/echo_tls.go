package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
)

// tlsVersions are the names that the suite compares with.
var tlsVersions = map[uint16]string{
	tls.VersionTLS10: "TLSv1.0", tls.VersionTLS11: "TLSv1.1", tls.VersionTLS12: "TLSv1.2", tls.VersionTLS13: "TLSv1.3",
}

// serverTLS reads the pair that two variables name; nil if either is unset.
func (s *settings) serverTLS(certVariable, keyVariable string) (*tls.Config, error) {
	certName, keyName := s.env[certVariable], s.env[keyVariable]
	if certName == "" || keyName == "" {
		return nil, nil
	}
	cert, err := s.file(certName)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", certVariable, err)
	}
	key, err := s.file(keyName)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", keyVariable, err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", certVariable, err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}

// askForClients makes a server ask for a client's certificate and check one that is given.
func (s *settings) askForClients(config *tls.Config, variable string) error {
	name := s.env[variable]
	if name == "" {
		return nil
	}
	raw, err := s.file(name)
	if err != nil {
		return fmt.Errorf("%s: %w", variable, err)
	}
	config.ClientCAs = x509.NewCertPool()
	if !config.ClientCAs.AppendCertsFromPEM(raw) {
		return fmt.Errorf("%s: %s holds no certificate", variable, name)
	}
	config.ClientAuth = tls.VerifyClientCertIfGiven
	return nil
}

func pemCertificates(chain []*x509.Certificate) []string {
	var out []string
	for _, one := range chain {
		out = append(out, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: one.Raw})))
	}
	return out
}
