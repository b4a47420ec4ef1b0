package main

import (
	"fmt"
	"time"
)

// waitingError says which container cannot start yet, with the kubelet's reason.
type waitingError struct {
	container string
	reason    string
	cause     error
}

func (w *waitingError) Error() string {
	return fmt.Sprintf("container %s: %s: %v", w.container, w.reason, w.cause)
}

func condition(name string, good bool, reason, message string) map[string]any {
	status := "False"
	if good {
		status = "True"
	}
	made := map[string]any{
		"type": name, "status": status, "lastTransitionTime": time.Now().UTC().Format(time.RFC3339),
	}
	if !good {
		made["reason"], made["message"] = reason, message
	}
	return made
}

func conditions(ready bool, reason, message string) []map[string]any {
	return []map[string]any{
		condition("PodScheduled", true, "", ""),
		condition("Initialized", true, "", ""),
		condition("ContainersReady", ready, reason, message),
		condition("Ready", ready, reason, message),
	}
}

func podAddresses(ip, hostIP string) map[string]any {
	return map[string]any{
		"hostIP": hostIP, "hostIPs": []map[string]string{{"ip": hostIP}},
		"podIP": ip, "podIPs": []map[string]string{{"ip": ip}},
	}
}

func runningStatus(of *pod, ip, hostIP string) map[string]any {
	now := time.Now().UTC().Format(time.RFC3339)
	var containers []map[string]any
	for _, one := range of.Spec.Containers {
		containers = append(containers, map[string]any{
			"name": one.Name, "image": one.Image, "imageID": one.Image, "ready": true, "started": true,
			"restartCount": 0, "containerID": "gateproof://" + of.Metadata.UID + "/" + one.Name,
			"state": map[string]any{"running": map[string]string{"startedAt": now}},
		})
	}
	status := podAddresses(ip, hostIP)
	status["phase"], status["startTime"], status["message"] = "Running", now, nil
	status["conditions"], status["containerStatuses"] = conditions(true, "", ""), containers
	return status
}

func waitingStatus(of *pod, ip, hostIP string, why *waitingError) map[string]any {
	var containers []map[string]any
	for _, one := range of.Spec.Containers {
		waiting := map[string]string{"reason": "ContainerCreating"}
		if one.Name == why.container {
			waiting = map[string]string{"reason": why.reason, "message": why.cause.Error()}
		}
		containers = append(containers, map[string]any{
			"name": one.Name, "image": one.Image, "imageID": "", "ready": false, "started": false,
			"restartCount": 0, "state": map[string]any{"waiting": waiting},
		})
	}
	status := podAddresses(ip, hostIP)
	status["phase"], status["message"] = "Pending", why.Error()
	status["conditions"] = conditions(false, "ContainersNotReady", why.Error())
	status["containerStatuses"] = containers
	return status
}
