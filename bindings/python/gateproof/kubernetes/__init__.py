"""Cases of Kubernetes objects: what a cluster's manifests make of requests, on every arm."""
