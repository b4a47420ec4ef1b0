package main

// The parts of the objects of the API that a node reads.

type objectMeta struct {
	Name              string            `json:"name"`
	Namespace         string            `json:"namespace"`
	UID               string            `json:"uid"`
	ResourceVersion   string            `json:"resourceVersion"`
	Labels            map[string]string `json:"labels"`
	Annotations       map[string]string `json:"annotations"`
	DeletionTimestamp *string           `json:"deletionTimestamp"`
}

type fieldRef struct {
	FieldPath string `json:"fieldPath"`
}

type keyRef struct {
	Name     string `json:"name"`
	Key      string `json:"key"`
	Optional bool   `json:"optional"`
}

type envVar struct {
	Name      string `json:"name"`
	Value     string `json:"value"`
	ValueFrom *struct {
		FieldRef        *fieldRef `json:"fieldRef"`
		SecretKeyRef    *keyRef   `json:"secretKeyRef"`
		ConfigMapKeyRef *keyRef   `json:"configMapKeyRef"`
	} `json:"valueFrom"`
}

type volumeMount struct {
	Name      string `json:"name"`
	MountPath string `json:"mountPath"`
	SubPath   string `json:"subPath"`
}

type container struct {
	Name         string        `json:"name"`
	Image        string        `json:"image"`
	Env          []envVar      `json:"env"`
	VolumeMounts []volumeMount `json:"volumeMounts"`
}

type keyToPath struct {
	Key  string `json:"key"`
	Path string `json:"path"`
}

type volume struct {
	Name   string `json:"name"`
	Secret *struct {
		SecretName string      `json:"secretName"`
		Items      []keyToPath `json:"items"`
		Optional   bool        `json:"optional"`
	} `json:"secret"`
	ConfigMap *struct {
		Name     string      `json:"name"`
		Items    []keyToPath `json:"items"`
		Optional bool        `json:"optional"`
	} `json:"configMap"`
	EmptyDir *struct{} `json:"emptyDir"`
}

type podStatus struct {
	Phase string `json:"phase"`
	PodIP string `json:"podIP"`
}

type pod struct {
	Metadata objectMeta `json:"metadata"`
	Spec     struct {
		NodeName           string      `json:"nodeName"`
		ServiceAccountName string      `json:"serviceAccountName"`
		Containers         []container `json:"containers"`
		Volumes            []volume    `json:"volumes"`
	} `json:"spec"`
	Status podStatus `json:"status"`
}

func (p *pod) path() string {
	return "/api/v1/namespaces/" + p.Metadata.Namespace + "/pods/" + p.Metadata.Name
}

type podList struct {
	Metadata objectMeta `json:"metadata"`
	Items    []pod      `json:"items"`
}

// secretObject holds base64, which encoding/json reads into bytes; a ConfigMap holds text.
type secretObject struct {
	Data map[string][]byte `json:"data"`
}

type configMapObject struct {
	Data       map[string]string `json:"data"`
	BinaryData map[string][]byte `json:"binaryData"`
}

func (c *configMapObject) bytes() map[string][]byte {
	out := map[string][]byte{}
	for name, text := range c.Data {
		out[name] = []byte(text)
	}
	for name, raw := range c.BinaryData {
		out[name] = raw
	}
	return out
}
