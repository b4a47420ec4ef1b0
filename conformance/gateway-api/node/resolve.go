package main

import (
	"context"
	"fmt"
	"net/http"
	"path"
	"strings"
)

// settings are what a container is started with: its variables and the files of its volumes.
type settings struct {
	env   map[string]string
	files map[string][]byte
	ip    string
}

// file gives the content of a mounted file.
func (s *settings) file(name string) ([]byte, error) {
	content, there := s.files[path.Clean(name)]
	if !there {
		return nil, fmt.Errorf("no volume holds the file %s", name)
	}
	return content, nil
}

// resolver looks up what one pod refers to, each object once.
type resolver struct {
	api  *apiClient
	pod  *pod
	ip   string
	seen map[string]map[string][]byte
}

func newResolver(api *apiClient, of *pod, ip string) *resolver {
	return &resolver{api: api, pod: of, ip: ip, seen: map[string]map[string][]byte{}}
}

// data reads a Secret ("secrets") or a ConfigMap ("configmaps"); nil if it is optional and absent.
func (r *resolver) data(ctx context.Context, resource, name string, optional bool) (map[string][]byte, error) {
	at := "/api/v1/namespaces/" + r.pod.Metadata.Namespace + "/" + resource + "/" + name
	if known, there := r.seen[at]; there {
		return known, nil
	}
	var found map[string][]byte
	var err error
	if resource == "secrets" {
		var object secretObject
		err = r.api.get(ctx, at, &object)
		found = object.Data
	} else {
		var object configMapObject
		err = r.api.get(ctx, at, &object)
		found = object.bytes()
	}
	if hasCode(err, http.StatusNotFound) && optional {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s %q: %w", strings.TrimSuffix(resource, "s"), name, err)
	}
	r.seen[at] = found
	return found, nil
}

func (r *resolver) key(ctx context.Context, resource string, ref *keyRef) (string, bool, error) {
	data, err := r.data(ctx, resource, ref.Name, ref.Optional)
	if err != nil {
		return "", false, err
	}
	value, there := data[ref.Key]
	if !there && !ref.Optional {
		return "", false, fmt.Errorf("%s %q has no key %q", strings.TrimSuffix(resource, "s"), ref.Name, ref.Key)
	}
	return string(value), there, nil
}

// field is a value of the downward API.
func (r *resolver) field(name string) (string, error) {
	meta := &r.pod.Metadata
	fixed := map[string]string{
		"metadata.name": meta.Name, "metadata.namespace": meta.Namespace, "metadata.uid": meta.UID,
		"spec.nodeName": r.pod.Spec.NodeName, "spec.serviceAccountName": r.pod.Spec.ServiceAccountName,
		"status.podIP": r.ip, "status.podIPs": r.ip,
	}
	if value, there := fixed[name]; there {
		return value, nil
	}
	for prefix, values := range map[string]map[string]string{
		"metadata.labels['": meta.Labels, "metadata.annotations['": meta.Annotations,
	} {
		if key, ok := strings.CutPrefix(name, prefix); ok {
			return values[strings.TrimSuffix(key, "']")], nil
		}
	}
	return "", fmt.Errorf("fieldRef %q is not supported", name)
}

func (r *resolver) env(ctx context.Context, of *container) (map[string]string, error) {
	out := map[string]string{}
	for _, one := range of.Env {
		value, there := one.Value, true
		var err error
		if from := one.ValueFrom; from != nil {
			switch {
			case from.FieldRef != nil:
				value, err = r.field(from.FieldRef.FieldPath)
			case from.SecretKeyRef != nil:
				value, there, err = r.key(ctx, "secrets", from.SecretKeyRef)
			case from.ConfigMapKeyRef != nil:
				value, there, err = r.key(ctx, "configmaps", from.ConfigMapKeyRef)
			default:
				err = fmt.Errorf("this kind of valueFrom is not supported")
			}
		}
		if err != nil {
			return nil, fmt.Errorf("env %s: %w", one.Name, err)
		}
		if there {
			out[one.Name] = value
		}
	}
	return out, nil
}

// volume gives the files of a volume by their path inside it.
func (r *resolver) volume(ctx context.Context, of *volume) (map[string][]byte, error) {
	var data map[string][]byte
	var items []keyToPath
	var optional bool
	var err error
	switch {
	case of.Secret != nil:
		items, optional = of.Secret.Items, of.Secret.Optional
		data, err = r.data(ctx, "secrets", of.Secret.SecretName, optional)
	case of.ConfigMap != nil:
		items, optional = of.ConfigMap.Items, of.ConfigMap.Optional
		data, err = r.data(ctx, "configmaps", of.ConfigMap.Name, optional)
	case of.EmptyDir != nil:
	default:
		err = fmt.Errorf("this kind of volume is not supported")
	}
	if err != nil {
		return nil, fmt.Errorf("volume %s: %w", of.Name, err)
	}
	if len(items) == 0 {
		return data, nil
	}
	out := map[string][]byte{}
	for _, item := range items {
		value, there := data[item.Key]
		if !there && !optional {
			return nil, fmt.Errorf("volume %s: there is no key %q", of.Name, item.Key)
		}
		out[item.Path] = value
	}
	return out, nil
}

func (r *resolver) files(ctx context.Context, of *container) (map[string][]byte, error) {
	out := map[string][]byte{}
	for _, mount := range of.VolumeMounts {
		for at := range r.pod.Spec.Volumes {
			if r.pod.Spec.Volumes[at].Name != mount.Name {
				continue
			}
			files, err := r.volume(ctx, &r.pod.Spec.Volumes[at])
			if err != nil {
				return nil, err
			}
			for name, content := range files {
				if mount.SubPath == "" {
					out[path.Join(mount.MountPath, name)] = content
				} else if name == mount.SubPath {
					out[path.Clean(mount.MountPath)] = content
				}
			}
		}
	}
	return out, nil
}

// settings resolves all that one container refers to.
func (r *resolver) settings(ctx context.Context, of *container) (*settings, error) {
	env, err := r.env(ctx, of)
	if err != nil {
		return nil, err
	}
	files, err := r.files(ctx, of)
	if err != nil {
		return nil, err
	}
	return &settings{env: env, files: files, ip: r.ip}, nil
}
