package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"go/ast"
	"math/big"
	"net/url"
	"strings"
	"time"
)

// Made certificates are valid at whatever time a virtual clock shows.
var (
	validFrom  = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	validUntil = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
)

// authority signs; the zero value lets a certificate sign itself.
type authority struct {
	certificate *x509.Certificate
	key         any
}

// material makes the Secrets and ConfigMaps that the suite's own setup makes by code, by walking
// the calls of that function. A CA signs the certificates that follow it.
func material(constants known) ([]map[string]any, error) {
	setup := constants["sigs.k8s.io/gateway-api/conformance/utils/suite"]
	made := &testCase{}
	for _, file := range setup.files {
		for _, declared := range file.Decls {
			if function, ok := declared.(*ast.FuncDecl); ok && function.Name.Name == "Setup" {
				imports := map[string]string{"kubernetes": "kubernetes"}
				walk := &walker{tests: setup, constants: constants, imports: imports, made: made}
				walk.block(function.Body, newScope(nil))
			}
		}
	}
	var objects []map[string]any
	var last authority
	for _, one := range made.Steps {
		object, signer, err := oneObject(one, last)
		if err != nil {
			return nil, err
		}
		if object != nil {
			objects = append(objects, object)
		}
		if signer.certificate != nil {
			last = signer
		}
	}
	return objects, nil
}

func oneObject(from step, last authority) (map[string]any, authority, error) {
	call := strings.TrimPrefix(from.Call, "kubernetes.")
	if !strings.HasPrefix(call, "MustCreate") || len(from.Args) < 3 {
		return nil, authority{}, nil
	}
	space, _ := from.Args[1].(string)
	name, _ := from.Args[2].(string)
	var hosts []string
	if len(from.Args) > 3 {
		list, _ := from.Args[3].([]any)
		for _, host := range list {
			if text, ok := host.(string); ok {
				hosts = append(hosts, text)
			}
		}
	}
	switch call {
	case "MustCreateCACertConfigMap":
		text, _, made, err := certificate(nil, authority{}, true)
		object := object("ConfigMap", space, name, map[string]string{"ca.crt": text})
		return object, made, err
	case "MustCreateSelfSignedCertSecret":
		last = authority{}
	case "MustCreateCASignedCertSecret", "MustCreateCASignedClientCertSecret":
	default:
		return nil, authority{}, nil
	}
	text, key, _, err := certificate(hosts, last, false)
	made := object("Secret", space, name, nil)
	made["type"] = "kubernetes.io/tls"
	made["stringData"] = map[string]string{"tls.crt": text, "tls.key": key}
	return made, authority{}, err
}

func object(kind, space, name string, data map[string]string) map[string]any {
	out := map[string]any{
		"apiVersion": "v1", "kind": kind, "metadata": map[string]string{"namespace": space, "name": name},
	}
	if data != nil {
		out["data"] = data
	}
	return out
}

// certificate makes a pair in PEM. A CA's key is of an elliptic curve: it is quick and nobody sees it.
func certificate(hosts []string, by authority, ca bool) (string, string, authority, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return "", "", authority{}, err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "cases"}, BasicConstraintsValid: true, IsCA: ca,
		NotBefore: validFrom, NotAfter: validUntil,
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, host := range hosts {
		if parsed, err := url.Parse(host); err == nil && (parsed.Scheme != "" || host == "*") {
			template.URIs = append(template.URIs, parsed)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	var signer any
	var public any
	var keyText string
	if ca {
		template.KeyUsage |= x509.KeyUsageCertSign
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return "", "", authority{}, err
		}
		signer, public = key, key.Public()
	} else {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return "", "", authority{}, err
		}
		signer, public = key, key.Public()
		block := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
		keyText = string(pem.EncodeToMemory(block))
	}
	parent, key := by.certificate, by.key
	if parent == nil {
		parent, key = template, signer
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		return "", "", authority{}, err
	}
	parsed, err := x509.ParseCertificate(raw)
	text := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}))
	return text, keyText, authority{parsed, signer}, err
}
