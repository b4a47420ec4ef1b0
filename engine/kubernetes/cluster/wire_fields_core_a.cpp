// Written by tools/kubernetes_fields: fields of the built-in kinds (see wire_fields.h).
#include "engine/kubernetes/cluster/wire_fields.h"

namespace gateproof::kubernetes::cluster {

// clang-format off
const std::string_view wire_fields_core_a = R"(
core.v1.AWSElasticBlockStoreVolumeSource volumeID:1:s fsType:2:s partition:3:i readOnly:4:b
core.v1.Affinity nodeAffinity:1:?core.v1.NodeAffinity podAffinity:2:?core.v1.PodAffinity
 podAntiAffinity:3:?core.v1.PodAntiAffinity
core.v1.AppArmorProfile type:1:s localhostProfile:2:?s
core.v1.AttachedVolume name:1:s devicePath:2:s
core.v1.AzureDiskVolumeSource diskName:1:s diskURI:2:s cachingMode:3:?s fsType:4:?s readOnly:5:?b
 kind:6:?s
core.v1.AzureFilePersistentVolumeSource secretName:1:s shareName:2:s readOnly:3:b
 secretNamespace:4:?s
core.v1.AzureFileVolumeSource secretName:1:s shareName:2:s readOnly:3:b
core.v1.CSIPersistentVolumeSource driver:1:s volumeHandle:2:s readOnly:3:b fsType:4:s
 volumeAttributes:5:%s controllerPublishSecretRef:6:?core.v1.SecretReference
 nodeStageSecretRef:7:?core.v1.SecretReference nodePublishSecretRef:8:?core.v1.SecretReference
 controllerExpandSecretRef:9:?core.v1.SecretReference
 nodeExpandSecretRef:10:?core.v1.SecretReference
core.v1.CSIVolumeSource driver:1:s readOnly:2:?b fsType:3:?s volumeAttributes:4:%s
 nodePublishSecretRef:5:?core.v1.LocalObjectReference
core.v1.Capabilities add:1:*s drop:2:*s
core.v1.CephFSPersistentVolumeSource monitors:1:*s path:2:s user:3:s secretFile:4:s
 secretRef:5:?core.v1.SecretReference readOnly:6:b
core.v1.CephFSVolumeSource monitors:1:*s path:2:s user:3:s secretFile:4:s
 secretRef:5:?core.v1.LocalObjectReference readOnly:6:b
core.v1.CinderPersistentVolumeSource volumeID:1:s fsType:2:s readOnly:3:b
 secretRef:4:?core.v1.SecretReference
core.v1.CinderVolumeSource volumeID:1:s fsType:2:s readOnly:3:b
 secretRef:4:?core.v1.LocalObjectReference
core.v1.ClientIPConfig timeoutSeconds:1:?i
core.v1.ClusterTrustBundleProjection name:1:?s signerName:2:?s
 labelSelector:3:?meta.v1.LabelSelector optional:5:?b path:4:s user:6:?l
core.v1.ConfigMap metadata:1:meta.v1.ObjectMeta immutable:4:?b data:2:%s binaryData:3:%y
core.v1.ConfigMapEnvSource localObjectReference:1:^core.v1.LocalObjectReference optional:2:?b
core.v1.ConfigMapKeySelector localObjectReference:1:^core.v1.LocalObjectReference key:2:s
 optional:3:?b
core.v1.ConfigMapNodeConfigSource namespace:1:s name:2:s uid:3:s resourceVersion:4:s
 kubeletConfigKey:5:s
core.v1.ConfigMapProjection localObjectReference:1:^core.v1.LocalObjectReference
 items:2:*core.v1.KeyToPath optional:4:?b
core.v1.ConfigMapVolumeSource localObjectReference:1:^core.v1.LocalObjectReference
 items:2:*core.v1.KeyToPath defaultMode:3:?i optional:4:?b defaultUser:5:?l
core.v1.Container name:1:s image:2:s command:3:*s args:4:*s workingDir:5:s
 ports:6:*core.v1.ContainerPort envFrom:19:*core.v1.EnvFromSource env:7:*core.v1.EnvVar
 resources:8:core.v1.ResourceRequirements resizePolicy:23:*core.v1.ContainerResizePolicy
 restartPolicy:24:?s restartPolicyRules:25:*core.v1.ContainerRestartRule
 volumeMounts:9:*core.v1.VolumeMount volumeDevices:21:*core.v1.VolumeDevice
 livenessProbe:10:?core.v1.Probe readinessProbe:11:?core.v1.Probe startupProbe:22:?core.v1.Probe
 lifecycle:12:?core.v1.Lifecycle terminationMessagePath:13:s terminationMessagePolicy:20:s
 imagePullPolicy:14:s securityContext:15:?core.v1.SecurityContext stdin:16:b stdinOnce:17:b
 tty:18:b
core.v1.ContainerExtendedResourceRequest containerName:1:s resourceName:2:s requestName:3:s
core.v1.ContainerImage names:1:*s sizeBytes:2:l
core.v1.ContainerPort name:1:s hostPort:2:i containerPort:3:i protocol:4:s hostIP:5:s
core.v1.ContainerResizePolicy resourceName:1:s restartPolicy:2:s
core.v1.ContainerRestartRule action:1:s exitCodes:2:?core.v1.ContainerRestartRuleOnExitCodes
core.v1.ContainerRestartRuleOnExitCodes operator:1:s values:2:*i
core.v1.ContainerState waiting:1:?core.v1.ContainerStateWaiting
 running:2:?core.v1.ContainerStateRunning terminated:3:?core.v1.ContainerStateTerminated
core.v1.ContainerStateRunning startedAt:1:t
core.v1.ContainerStateTerminated exitCode:1:i signal:2:i reason:3:s message:4:s startedAt:5:t
 finishedAt:6:t containerID:7:s
core.v1.ContainerStateWaiting reason:1:s message:2:s
core.v1.ContainerStatus name:1:s state:2:core.v1.ContainerState lastState:3:core.v1.ContainerState
 ready:4:b restartCount:5:i image:6:s imageID:7:s containerID:8:s started:9:?b
 allocatedResources:10:%q resources:11:?core.v1.ResourceRequirements
 volumeMounts:12:*core.v1.VolumeMountStatus user:13:?core.v1.ContainerUser
 allocatedResourcesStatus:14:*core.v1.ResourceStatus stopSignal:15:?s
core.v1.ContainerUser linux:1:?core.v1.LinuxContainerUser
core.v1.DaemonEndpoint Port:1:i
core.v1.DownwardAPIProjection items:1:*core.v1.DownwardAPIVolumeFile
core.v1.DownwardAPIVolumeFile path:1:s fieldRef:2:?core.v1.ObjectFieldSelector
 resourceFieldRef:3:?core.v1.ResourceFieldSelector mode:4:?i user:5:?l
core.v1.DownwardAPIVolumeSource items:1:*core.v1.DownwardAPIVolumeFile defaultMode:2:?i
 defaultUser:3:?l
core.v1.EmptyDirVolumeSource medium:1:s sizeLimit:2:?q mode:3:?i
core.v1.EndpointAddress ip:1:s hostname:3:s nodeName:4:?s targetRef:2:?core.v1.ObjectReference
core.v1.EndpointPort name:1:s port:2:i protocol:3:s appProtocol:4:?s
core.v1.EndpointSubset addresses:1:*core.v1.EndpointAddress
 notReadyAddresses:2:*core.v1.EndpointAddress ports:3:*core.v1.EndpointPort
core.v1.Endpoints metadata:1:meta.v1.ObjectMeta subsets:2:*core.v1.EndpointSubset
core.v1.EnvFromSource prefix:1:s configMapRef:2:?core.v1.ConfigMapEnvSource
 secretRef:3:?core.v1.SecretEnvSource
core.v1.EnvVar name:1:s value:2:s valueFrom:3:?core.v1.EnvVarSource
core.v1.EnvVarSource fieldRef:1:?core.v1.ObjectFieldSelector
 resourceFieldRef:2:?core.v1.ResourceFieldSelector configMapKeyRef:3:?core.v1.ConfigMapKeySelector
 secretKeyRef:4:?core.v1.SecretKeySelector fileKeyRef:5:?core.v1.FileKeySelector
core.v1.EphemeralContainer ephemeralContainerCommon:1:^core.v1.EphemeralContainerCommon
 targetContainerName:2:s
core.v1.EphemeralContainerCommon name:1:s image:2:s command:3:*s args:4:*s workingDir:5:s
 ports:6:*core.v1.ContainerPort envFrom:19:*core.v1.EnvFromSource env:7:*core.v1.EnvVar
 resources:8:core.v1.ResourceRequirements resizePolicy:23:*core.v1.ContainerResizePolicy
 restartPolicy:24:?s restartPolicyRules:25:*core.v1.ContainerRestartRule
 volumeMounts:9:*core.v1.VolumeMount volumeDevices:21:*core.v1.VolumeDevice
 livenessProbe:10:?core.v1.Probe readinessProbe:11:?core.v1.Probe startupProbe:22:?core.v1.Probe
 lifecycle:12:?core.v1.Lifecycle terminationMessagePath:13:s terminationMessagePolicy:20:s
 imagePullPolicy:14:s securityContext:15:?core.v1.SecurityContext stdin:16:b stdinOnce:17:b
 tty:18:b
core.v1.EphemeralVolumeSource volumeClaimTemplate:1:?core.v1.PersistentVolumeClaimTemplate
core.v1.Event metadata:1:meta.v1.ObjectMeta involvedObject:2:core.v1.ObjectReference reason:3:s
 message:4:s source:5:core.v1.EventSource firstTimestamp:6:t lastTimestamp:7:t count:8:i type:9:s
 eventTime:10:u series:11:?core.v1.EventSeries action:12:s related:13:?core.v1.ObjectReference
 reportingComponent:14:s reportingInstance:15:s
core.v1.EventSeries count:1:i lastObservedTime:2:u
core.v1.EventSource component:1:s host:2:s
core.v1.EvictionResponder name:1:s priority:2:?i
core.v1.ExecAction command:1:*s
core.v1.FCVolumeSource targetWWNs:1:*s lun:2:?i fsType:3:s readOnly:4:b wwids:5:*s
core.v1.FileKeySelector volumeName:1:s path:2:s key:3:s optional:4:?b
core.v1.FlexPersistentVolumeSource driver:1:s fsType:2:s secretRef:3:?core.v1.SecretReference
 readOnly:4:b options:5:%s
core.v1.FlexVolumeSource driver:1:s fsType:2:s secretRef:3:?core.v1.LocalObjectReference
 readOnly:4:b options:5:%s
core.v1.FlockerVolumeSource datasetName:1:s datasetUUID:2:s
core.v1.GCEPersistentDiskVolumeSource pdName:1:s fsType:2:s partition:3:i readOnly:4:b
core.v1.GRPCAction port:1:i service:2:?s mode:3:?s
core.v1.GitRepoVolumeSource repository:1:s revision:2:s directory:3:s
core.v1.GlusterfsPersistentVolumeSource endpoints:1:s path:2:s readOnly:3:b
 endpointsNamespace:4:?s
core.v1.GlusterfsVolumeSource endpoints:1:s path:2:s readOnly:3:b
core.v1.HTTPGetAction path:1:s port:2:o host:3:s scheme:4:s httpHeaders:5:*core.v1.HTTPHeader
 protocol:6:?s
core.v1.HTTPHeader name:1:s value:2:s
core.v1.HostAlias ip:1:s hostnames:2:*s
core.v1.HostIP ip:1:s
core.v1.HostPathVolumeSource path:1:s type:2:?s
core.v1.ISCSIPersistentVolumeSource targetPortal:1:s iqn:2:s lun:3:i iscsiInterface:4:s fsType:5:s
 readOnly:6:b portals:7:*s chapAuthDiscovery:8:b chapAuthSession:11:b
 secretRef:10:?core.v1.SecretReference initiatorName:12:?s
core.v1.ISCSIVolumeSource targetPortal:1:s iqn:2:s lun:3:i iscsiInterface:4:s fsType:5:s
 readOnly:6:b portals:7:*s chapAuthDiscovery:8:b chapAuthSession:11:b
 secretRef:10:?core.v1.LocalObjectReference initiatorName:12:?s
core.v1.ImageVolumeSource reference:1:s pullPolicy:2:s
core.v1.ImageVolumeStatus imageRef:1:s
core.v1.KeyToPath key:1:s path:2:s mode:3:?i user:4:?l
core.v1.Lifecycle postStart:1:?core.v1.LifecycleHandler preStop:2:?core.v1.LifecycleHandler
 stopSignal:3:?s
core.v1.LifecycleHandler exec:1:?core.v1.ExecAction httpGet:2:?core.v1.HTTPGetAction
 tcpSocket:3:?core.v1.TCPSocketAction sleep:4:?core.v1.SleepAction
core.v1.LimitRange metadata:1:meta.v1.ObjectMeta spec:2:core.v1.LimitRangeSpec
core.v1.LimitRangeItem type:1:s max:2:%q min:3:%q default:4:%q defaultRequest:5:%q
 maxLimitRequestRatio:6:%q
core.v1.LimitRangeSpec limits:1:*core.v1.LimitRangeItem
core.v1.LinuxContainerUser uid:1:l gid:2:l supplementalGroups:3:*l
core.v1.LoadBalancerIngress ip:1:s hostname:2:s ipMode:3:?s ports:4:*core.v1.PortStatus
core.v1.LoadBalancerStatus ingress:1:*core.v1.LoadBalancerIngress
core.v1.LocalObjectReference name:1:s
core.v1.LocalVolumeSource path:1:s fsType:2:?s
core.v1.ModifyVolumeStatus targetVolumeAttributesClassName:1:s status:2:s
core.v1.NFSVolumeSource server:1:s path:2:s readOnly:3:b
core.v1.Namespace metadata:1:meta.v1.ObjectMeta spec:2:core.v1.NamespaceSpec
 status:3:core.v1.NamespaceStatus
core.v1.NamespaceCondition type:1:s status:2:s lastTransitionTime:4:t reason:5:s message:6:s
core.v1.NamespaceSpec finalizers:1:*s
core.v1.NamespaceStatus phase:1:s conditions:2:*core.v1.NamespaceCondition
core.v1.Node metadata:1:meta.v1.ObjectMeta spec:2:core.v1.NodeSpec status:3:core.v1.NodeStatus
core.v1.NodeAddress type:1:s address:2:s
core.v1.NodeAffinity requiredDuringSchedulingIgnoredDuringExecution:1:?core.v1.NodeSelector
 preferredDuringSchedulingIgnoredDuringExecution:2:*core.v1.PreferredSchedulingTerm
core.v1.NodeAllocatableMappedResources name:1:s quantity:2:?q
core.v1.NodeAllocatableOverheadResources name:1:s perPod:2:?q perContainer:3:?q
core.v1.NodeAllocatableResourceClaimStatus resourceClaimName:1:s containers:2:*s
 mapping:4:*core.v1.NodeAllocatableMappedResources
 overhead:5:*core.v1.NodeAllocatableOverheadResources
core.v1.NodeCondition type:1:s status:2:s lastHeartbeatTime:3:t lastTransitionTime:4:t reason:5:s
 message:6:s
core.v1.NodeConfigSource configMap:2:?core.v1.ConfigMapNodeConfigSource
core.v1.NodeConfigStatus assigned:1:?core.v1.NodeConfigSource active:2:?core.v1.NodeConfigSource
 lastKnownGood:3:?core.v1.NodeConfigSource error:4:s
core.v1.NodeDaemonEndpoints kubeletEndpoint:1:core.v1.DaemonEndpoint
core.v1.NodeFeatures supplementalGroupsPolicy:1:?b
core.v1.NodePodPreemptionPolicy disableResizePreemption:1:*s
core.v1.NodeRuntimeHandler name:1:s features:2:?core.v1.NodeRuntimeHandlerFeatures
core.v1.NodeRuntimeHandlerFeatures recursiveReadOnlyMounts:1:?b userNamespaces:2:?b
core.v1.NodeSelector nodeSelectorTerms:1:*core.v1.NodeSelectorTerm
core.v1.NodeSelectorRequirement key:1:s operator:2:s values:3:*s
)";
// clang-format on

}  // namespace gateproof::kubernetes::cluster
