package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

type kubeCluster struct {
	Server   string `yaml:"server"`
	CA       string `yaml:"certificate-authority"`
	CAData   string `yaml:"certificate-authority-data"`
	Insecure bool   `yaml:"insecure-skip-tls-verify"`
}

type kubeUser struct {
	Token    string `yaml:"token"`
	Cert     string `yaml:"client-certificate"`
	CertData string `yaml:"client-certificate-data"`
	Key      string `yaml:"client-key"`
	KeyData  string `yaml:"client-key-data"`
}

type kubeconfig struct {
	Current  string `yaml:"current-context"`
	Clusters []struct {
		Name    string      `yaml:"name"`
		Cluster kubeCluster `yaml:"cluster"`
	} `yaml:"clusters"`
	Users []struct {
		Name string   `yaml:"name"`
		User kubeUser `yaml:"user"`
	} `yaml:"users"`
	Contexts []struct {
		Name    string `yaml:"name"`
		Context struct {
			Cluster string `yaml:"cluster"`
			User    string `yaml:"user"`
		} `yaml:"context"`
	} `yaml:"contexts"`
}

// current gives the cluster and the user of the current context; the user may be empty.
func (k *kubeconfig) current() (kubeCluster, kubeUser, error) {
	for _, context := range k.Contexts {
		if context.Name != k.Current {
			continue
		}
		var user kubeUser
		for _, one := range k.Users {
			if one.Name == context.Context.User {
				user = one.User
			}
		}
		for _, one := range k.Clusters {
			if one.Name == context.Context.Cluster && one.Cluster.Server != "" {
				return one.Cluster, user, nil
			}
		}
		return kubeCluster{}, user, fmt.Errorf("context %q names no cluster with a server", k.Current)
	}
	return kubeCluster{}, kubeUser{}, fmt.Errorf("there is no context %q", k.Current)
}

// material is what `data` holds in base64, else what the file `path` holds.
func material(folder, path, data string) ([]byte, error) {
	if data != "" {
		return base64.StdEncoding.DecodeString(data)
	}
	if path == "" {
		return nil, nil
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(folder, path)
	}
	return os.ReadFile(path)
}

func tlsConfig(folder string, cluster kubeCluster, user kubeUser) (*tls.Config, error) {
	config := &tls.Config{InsecureSkipVerify: cluster.Insecure} //nolint:gosec // the file says so
	ca, err := material(folder, cluster.CA, cluster.CAData)
	if err != nil {
		return nil, err
	}
	if ca != nil {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(ca) {
			return nil, errors.New("certificate-authority holds no certificate")
		}
	}
	cert, err := material(folder, user.Cert, user.CertData)
	if err != nil || cert == nil {
		return config, err
	}
	key, err := material(folder, user.Key, user.KeyData)
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, err
	}
	config.Certificates = []tls.Certificate{pair}
	return config, nil
}

// connect makes a client from a URL or, if that is empty, from a kubeconfig file.
func connect(url, file string) (*apiClient, error) {
	transport := &http.Transport{MaxIdleConnsPerHost: 16}
	made := &apiClient{base: strings.TrimSuffix(url, "/"), client: &http.Client{Transport: transport}}
	if url != "" {
		return made, nil
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var config kubeconfig
	if err := yaml.Unmarshal(raw, &config); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	cluster, user, err := config.current()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	transport.TLSClientConfig, err = tlsConfig(filepath.Dir(file), cluster, user)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	made.base, made.token = strings.TrimSuffix(cluster.Server, "/"), user.Token
	return made, nil
}
