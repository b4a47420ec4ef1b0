package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"
)

const (
	// How soon a pod that misses something, or a lost connection, is tried again.
	retryTime = 100 * time.Millisecond
	// How many pods are started at the same time.
	startsMax = 8
)

// runningPod is a pod of ours, started or still waiting for what it refers to.
type runningPod struct {
	uid     string
	cancel  context.CancelFunc
	stopped chan struct{} // closed when its ports are free again
	logs    map[string]*containerLog
}

// agent keeps the containers of the pods of one node as the API server wants them.
type agent struct {
	api      *apiClient
	node     string
	hostIP   string
	pool     *addressPool
	logLines int
	starts   chan struct{}

	mutex sync.Mutex
	pods  map[string]*runningPod // by namespace/name
}

func newAgent(api *apiClient, node string, pool *addressPool, logLines int) *agent {
	return &agent{
		api: api, node: node, pool: pool, logLines: logLines,
		starts: make(chan struct{}, startsMax), pods: map[string]*runningPod{},
	}
}

// serve registers the node and follows its pods until the context ends; `ready` is called once.
func (a *agent) serve(ctx context.Context, at *net.TCPAddr, ready func()) error {
	a.hostIP = at.IP.String()
	told := false
	for ctx.Err() == nil {
		err := a.register(ctx, at)
		if err == nil && !told {
			ready()
			told = true
		}
		if err == nil {
			err = a.follow(ctx)
		}
		if err != nil && !told {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(retryTime):
		}
	}
	return nil
}

// register makes the Node, or brings its status up to date.
func (a *agent) register(ctx context.Context, at *net.TCPAddr) error {
	object := map[string]any{
		"apiVersion": "v1", "kind": "Node",
		"metadata": map[string]any{
			"name":   a.node,
			"labels": map[string]string{"kubernetes.io/hostname": a.node, "kubernetes.io/os": "linux"},
		},
	}
	err := a.api.create(ctx, "/api/v1/nodes", object)
	if err != nil && !hasCode(err, http.StatusConflict) {
		return fmt.Errorf("register node: %w", err)
	}
	now := time.Now().UTC().Format(time.RFC3339)
	status := map[string]any{
		"addresses": []map[string]string{
			{"type": "InternalIP", "address": at.IP.String()}, {"type": "Hostname", "address": a.node},
		},
		"conditions": []map[string]string{{
			"type": "Ready", "status": "True", "reason": "NodeReady", "message": "echo images are ready to run",
			"lastHeartbeatTime": now, "lastTransitionTime": now,
		}},
		"daemonEndpoints": map[string]any{"kubeletEndpoint": map[string]int{"Port": at.Port}},
		"capacity":        map[string]string{"pods": "65000"},
		"allocatable":     map[string]string{"pods": "65000"},
	}
	err = a.api.merge(ctx, "/api/v1/nodes/"+a.node+"/status", map[string]any{"status": status})
	if err != nil {
		return fmt.Errorf("node status: %w", err)
	}
	return nil
}

// follow lists the node's pods, then watches them; it returns when the watch ends.
func (a *agent) follow(ctx context.Context) error {
	const all = "/api/v1/pods?fieldSelector=spec.nodeName%3D"
	var list podList
	if err := a.api.get(ctx, all+a.node, &list); err != nil {
		return err
	}
	listed := map[string]bool{}
	for at := range list.Items {
		one := &list.Items[at]
		listed[key(one)] = true
		a.update(ctx, one)
	}
	a.mutex.Lock()
	var gone []string
	for name := range a.pods {
		if !listed[name] {
			gone = append(gone, name)
		}
	}
	a.mutex.Unlock()
	for _, name := range gone {
		a.stop(name)
	}
	watch := all + a.node + "&watch=true&allowWatchBookmarks=true&resourceVersion=" + list.Metadata.ResourceVersion
	return a.api.watch(ctx, watch, func(event watchEvent) error { return a.seen(ctx, event) })
}

func (a *agent) seen(ctx context.Context, event watchEvent) error {
	if event.Type == "BOOKMARK" {
		return nil
	}
	var one pod
	if err := json.Unmarshal(event.Object, &one); err != nil {
		return err
	}
	if event.Type == "DELETED" {
		a.stop(key(&one))
	} else {
		a.update(ctx, &one)
	}
	return nil
}

func key(of *pod) string { return of.Metadata.Namespace + "/" + of.Metadata.Name }

// update starts a pod that is new, ends one that is to go.
func (a *agent) update(ctx context.Context, of *pod) {
	name := key(of)
	if of.Spec.NodeName != a.node { // a server that knows no field selector
		return
	}
	a.mutex.Lock()
	known := a.pods[name]
	a.mutex.Unlock()
	if known != nil && known.uid != of.Metadata.UID {
		a.stop(name)
		known = nil
	}
	if of.Metadata.DeletionTimestamp != nil {
		a.stop(name)
		if err := a.api.remove(ctx, of.path()); err != nil && !hasCode(err, http.StatusNotFound) {
			complain(of, err)
		}
		return
	}
	if known != nil {
		return
	}
	own, cancel := context.WithCancel(ctx)
	made := &runningPod{
		uid: of.Metadata.UID, cancel: cancel, stopped: make(chan struct{}), logs: map[string]*containerLog{},
	}
	for _, one := range of.Spec.Containers {
		made.logs[one.Name] = newContainerLog(a.logLines)
	}
	a.mutex.Lock()
	a.pods[name] = made
	a.mutex.Unlock()
	go a.live(own, of, made)
}

// stop ends a pod and waits until its ports are free.
func (a *agent) stop(name string) {
	a.mutex.Lock()
	known := a.pods[name]
	delete(a.pods, name)
	a.mutex.Unlock()
	if known != nil {
		known.cancel()
		<-known.stopped
	}
}

func (a *agent) stopAll() {
	a.mutex.Lock()
	var names []string
	for name := range a.pods {
		names = append(names, name)
	}
	a.mutex.Unlock()
	for _, name := range names {
		a.stop(name)
	}
}

// live is the life of one pod: its containers run until the context ends.
func (a *agent) live(ctx context.Context, of *pod, state *runningPod) {
	defer close(state.stopped)
	ip := of.Status.PodIP
	if ip == "" {
		given, err := a.pool.take()
		if err != nil {
			complain(of, err)
			return
		}
		ip = given
	} else {
		a.pool.reserve(ip)
	}
	defer a.pool.release(ip)
	running, ok := a.startUntilDone(ctx, of, state, ip)
	defer func() {
		running.close()
		for _, log := range state.logs {
			log.close()
		}
	}()
	if !ok {
		return
	}
	if err := a.report(ctx, of, runningStatus(of, ip, a.hostIP)); err != nil && ctx.Err() == nil {
		complain(of, err)
	}
	<-ctx.Done()
}

// startUntilDone tries to start every container again and again: what a pod refers to may come
// later. Each new reason why it has to wait is written into the pod's status.
func (a *agent) startUntilDone(ctx context.Context, of *pod, state *runningPod, ip string) (closers, bool) {
	told := ""
	for ctx.Err() == nil {
		a.starts <- struct{}{}
		running, waiting := a.start(ctx, of, state, ip)
		<-a.starts
		if waiting == nil {
			return running, true
		}
		running.close()
		if waiting.Error() != told && ctx.Err() == nil {
			told = waiting.Error()
			if err := a.report(ctx, of, waitingStatus(of, ip, a.hostIP, waiting)); err != nil && ctx.Err() == nil {
				complain(of, err)
				told = ""
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(retryTime):
		}
	}
	return nil, false
}

func (a *agent) start(ctx context.Context, of *pod, state *runningPod, ip string) (closers, *waitingError) {
	var running closers
	lookup := newResolver(a.api, of, ip)
	for at := range of.Spec.Containers {
		one := &of.Spec.Containers[at]
		run, err := findImage(one.Image)
		if err != nil {
			return running, &waitingError{one.Name, "ErrImagePull", err}
		}
		with, err := lookup.settings(ctx, one)
		if err != nil {
			return running, &waitingError{one.Name, "CreateContainerConfigError", err}
		}
		started, err := run(with, state.logs[one.Name])
		if err != nil {
			return running, &waitingError{one.Name, "RunContainerError", err}
		}
		running = append(running, started.close)
	}
	return running, nil
}

func (a *agent) report(ctx context.Context, of *pod, status map[string]any) error {
	err := a.api.merge(ctx, of.path()+"/status", map[string]any{"status": status})
	if hasCode(err, http.StatusNotFound) { // it was deleted meanwhile: the watch will tell
		return nil
	}
	return err
}

// logHandler serves logs under the path that a kubelet uses.
func (a *agent) logHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /containerLogs/{namespace}/{pod}/{container}", func(w http.ResponseWriter, r *http.Request) {
		a.mutex.Lock()
		var log *containerLog
		if known := a.pods[r.PathValue("namespace")+"/"+r.PathValue("pod")]; known != nil {
			log = known.logs[r.PathValue("container")]
		}
		a.mutex.Unlock()
		if log == nil {
			http.Error(w, "there is no such container", http.StatusNotFound)
			return
		}
		serveLog(w, r, log)
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") })
	return mux
}

// addressPool gives loopback addresses to pods whose status has none.
type addressPool struct {
	mutex sync.Mutex
	base  net.IP
	size  int
	taken map[string]bool
}

func newAddressPool(network string) (*addressPool, error) {
	_, parsed, err := net.ParseCIDR(network)
	if err != nil {
		return nil, err
	}
	ones, bits := parsed.Mask.Size()
	if parsed.IP.To4() == nil || !parsed.IP.IsLoopback() || bits-ones < 2 {
		return nil, errors.New(network + ": pods need a network of loopback addresses, as 127.102.0.0/16")
	}
	return &addressPool{base: parsed.IP.To4(), size: 1<<(bits-ones) - 2, taken: map[string]bool{}}, nil
}

func (p *addressPool) take() (string, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for at := 1; at <= p.size; at++ {
		number := int(p.base[0])<<24 | int(p.base[1])<<16 | int(p.base[2])<<8 | (int(p.base[3]) + at)
		address := net.IPv4(byte(number>>24), byte(number>>16), byte(number>>8), byte(number)).String()
		if !p.taken[address] {
			p.taken[address] = true
			return address, nil
		}
	}
	return "", errors.New("the pod network has no address left: " + strconv.Itoa(p.size) + " are in use")
}

// reserve keeps an address that somebody else gave out from being given again.
func (p *addressPool) reserve(address string) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.taken[address] = true
}

func (p *addressPool) release(address string) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	delete(p.taken, address)
}

func complain(of *pod, err error) { fmt.Fprintf(os.Stderr, "pod %s: %v\n", key(of), err) }
