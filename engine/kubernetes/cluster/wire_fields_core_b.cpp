// Written by tools/kubernetes_fields: fields of the built-in kinds (see wire_fields.h).
#include "engine/kubernetes/cluster/wire_fields.h"

namespace gateproof::kubernetes::cluster {

// clang-format off
const std::string_view wire_fields_core_b = R"(
core.v1.NodeSelectorTerm matchExpressions:1:*core.v1.NodeSelectorRequirement
 matchFields:2:*core.v1.NodeSelectorRequirement
core.v1.NodeSpec podCIDR:1:s podCIDRs:7:*s providerID:3:s unschedulable:4:b
 taints:5:*core.v1.Taint configSource:6:?core.v1.NodeConfigSource externalID:2:s
 podPreemptionPolicy:8:?core.v1.NodePodPreemptionPolicy
core.v1.NodeStatus capacity:1:%q allocatable:2:%q phase:3:s conditions:4:*core.v1.NodeCondition
 addresses:5:*core.v1.NodeAddress daemonEndpoints:6:core.v1.NodeDaemonEndpoints
 nodeInfo:7:core.v1.NodeSystemInfo images:8:*core.v1.ContainerImage volumesInUse:9:*s
 volumesAttached:10:*core.v1.AttachedVolume config:11:?core.v1.NodeConfigStatus
 runtimeHandlers:12:*core.v1.NodeRuntimeHandler features:13:?core.v1.NodeFeatures
 declaredFeatures:14:*s
core.v1.NodeSwapStatus capacity:1:?l
core.v1.NodeSystemInfo machineID:1:s systemUUID:2:s bootID:3:s kernelVersion:4:s osImage:5:s
 containerRuntimeVersion:6:s kubeletVersion:7:s kubeProxyVersion:8:s operatingSystem:9:s
 architecture:10:s swap:11:?core.v1.NodeSwapStatus runningInUserNamespace:12:?b
core.v1.ObjectFieldSelector apiVersion:1:s fieldPath:2:s
core.v1.ObjectReference kind:1:s namespace:2:s name:3:s uid:4:s apiVersion:5:s resourceVersion:6:s
 fieldPath:7:s
core.v1.PersistentVolume metadata:1:meta.v1.ObjectMeta spec:2:core.v1.PersistentVolumeSpec
 status:3:core.v1.PersistentVolumeStatus
core.v1.PersistentVolumeClaim metadata:1:meta.v1.ObjectMeta
 spec:2:core.v1.PersistentVolumeClaimSpec status:3:core.v1.PersistentVolumeClaimStatus
core.v1.PersistentVolumeClaimCondition type:1:s status:2:s lastProbeTime:3:t
 lastTransitionTime:4:t reason:5:s message:6:s
core.v1.PersistentVolumeClaimSpec accessModes:1:*s selector:4:?meta.v1.LabelSelector
 resources:2:core.v1.VolumeResourceRequirements volumeName:3:s storageClassName:5:?s
 volumeMode:6:?s dataSource:7:?core.v1.TypedLocalObjectReference
 dataSourceRef:8:?core.v1.TypedObjectReference volumeAttributesClassName:9:?s
core.v1.PersistentVolumeClaimStatus phase:1:s accessModes:2:*s capacity:3:%q
 conditions:4:*core.v1.PersistentVolumeClaimCondition allocatedResources:5:%q
 allocatedResourceStatuses:7:%s currentVolumeAttributesClassName:8:?s
 modifyVolumeStatus:9:?core.v1.ModifyVolumeStatus healthStatus:10:?core.v1.VolumeHealthStatus
core.v1.PersistentVolumeClaimTemplate metadata:1:meta.v1.ObjectMeta
 spec:2:core.v1.PersistentVolumeClaimSpec
core.v1.PersistentVolumeClaimVolumeSource claimName:1:s readOnly:2:b
core.v1.PersistentVolumeSource gcePersistentDisk:1:?core.v1.GCEPersistentDiskVolumeSource
 awsElasticBlockStore:2:?core.v1.AWSElasticBlockStoreVolumeSource
 hostPath:3:?core.v1.HostPathVolumeSource glusterfs:4:?core.v1.GlusterfsPersistentVolumeSource
 nfs:5:?core.v1.NFSVolumeSource rbd:6:?core.v1.RBDPersistentVolumeSource
 iscsi:7:?core.v1.ISCSIPersistentVolumeSource cinder:8:?core.v1.CinderPersistentVolumeSource
 cephfs:9:?core.v1.CephFSPersistentVolumeSource fc:10:?core.v1.FCVolumeSource
 flocker:11:?core.v1.FlockerVolumeSource flexVolume:12:?core.v1.FlexPersistentVolumeSource
 azureFile:13:?core.v1.AzureFilePersistentVolumeSource
 vsphereVolume:14:?core.v1.VsphereVirtualDiskVolumeSource quobyte:15:?core.v1.QuobyteVolumeSource
 azureDisk:16:?core.v1.AzureDiskVolumeSource
 photonPersistentDisk:17:?core.v1.PhotonPersistentDiskVolumeSource
 portworxVolume:18:?core.v1.PortworxVolumeSource scaleIO:19:?core.v1.ScaleIOPersistentVolumeSource
 local:20:?core.v1.LocalVolumeSource storageos:21:?core.v1.StorageOSPersistentVolumeSource
 csi:22:?core.v1.CSIPersistentVolumeSource
core.v1.PersistentVolumeSpec capacity:1:%q
 persistentVolumeSource:2:^core.v1.PersistentVolumeSource accessModes:3:*s
 claimRef:4:?core.v1.ObjectReference persistentVolumeReclaimPolicy:5:s storageClassName:6:s
 mountOptions:7:*s volumeMode:8:?s nodeAffinity:9:?core.v1.VolumeNodeAffinity
 volumeAttributesClassName:10:?s
core.v1.PersistentVolumeStatus phase:1:s message:2:s reason:3:s lastPhaseTransitionTime:4:?t
core.v1.PhotonPersistentDiskVolumeSource pdID:1:s fsType:2:s
core.v1.Pod metadata:1:meta.v1.ObjectMeta spec:2:core.v1.PodSpec status:3:core.v1.PodStatus
core.v1.PodAffinity requiredDuringSchedulingIgnoredDuringExecution:1:*core.v1.PodAffinityTerm
 preferredDuringSchedulingIgnoredDuringExecution:2:*core.v1.WeightedPodAffinityTerm
core.v1.PodAffinityTerm labelSelector:1:?meta.v1.LabelSelector namespaces:2:*s topologyKey:3:s
 namespaceSelector:4:?meta.v1.LabelSelector matchLabelKeys:5:*s mismatchLabelKeys:6:*s
core.v1.PodAntiAffinity requiredDuringSchedulingIgnoredDuringExecution:1:*core.v1.PodAffinityTerm
 preferredDuringSchedulingIgnoredDuringExecution:2:*core.v1.WeightedPodAffinityTerm
core.v1.PodCertificateProjection signerName:1:s keyType:2:s maxExpirationSeconds:3:?i
 credentialBundlePath:4:s keyPath:5:s certificateChainPath:6:s userAnnotations:7:%s user:8:?l
core.v1.PodCondition type:1:s observedGeneration:7:l status:2:s lastProbeTime:3:t
 lastTransitionTime:4:t reason:5:s message:6:s
core.v1.PodDNSConfig nameservers:1:*s searches:2:*s options:3:*core.v1.PodDNSConfigOption
core.v1.PodDNSConfigOption name:1:s value:2:?s
core.v1.PodExtendedResourceClaimStatus requestMappings:1:*core.v1.ContainerExtendedResourceRequest
 resourceClaimName:2:s
core.v1.PodIP ip:1:s
core.v1.PodOS name:1:s
core.v1.PodReadinessGate conditionType:1:s
core.v1.PodResourceClaim name:1:s resourceClaimName:3:?s resourceClaimTemplateName:4:?s
core.v1.PodResourceClaimStatus name:1:s resourceClaimName:2:?s
core.v1.PodSchedulingGate name:1:s
core.v1.PodSchedulingGroup podGroupName:1:?s
core.v1.PodSecurityContext seLinuxOptions:1:?core.v1.SELinuxOptions
 windowsOptions:8:?core.v1.WindowsSecurityContextOptions runAsUser:2:?l runAsGroup:6:?l
 runAsNonRoot:3:?b supplementalGroups:4:*l supplementalGroupsPolicy:12:?s fsGroup:5:?l
 sysctls:7:*core.v1.Sysctl fsGroupChangePolicy:9:?s seccompProfile:10:?core.v1.SeccompProfile
 appArmorProfile:11:?core.v1.AppArmorProfile seLinuxChangePolicy:13:?s
core.v1.PodSpec volumes:1:*core.v1.Volume initContainers:20:*core.v1.Container
 containers:2:*core.v1.Container ephemeralContainers:34:*core.v1.EphemeralContainer
 restartPolicy:3:s terminationGracePeriodSeconds:4:?l activeDeadlineSeconds:5:?l dnsPolicy:6:s
 nodeSelector:7:%s serviceAccountName:8:s serviceAccount:9:s automountServiceAccountToken:21:?b
 nodeName:10:s hostNetwork:11:b hostPID:12:b hostIPC:13:b shareProcessNamespace:27:?b
 securityContext:14:?core.v1.PodSecurityContext imagePullSecrets:15:*core.v1.LocalObjectReference
 hostname:16:s subdomain:17:s affinity:18:?core.v1.Affinity schedulerName:19:s
 tolerations:22:*core.v1.Toleration hostAliases:23:*core.v1.HostAlias priorityClassName:24:s
 priority:25:?i dnsConfig:26:?core.v1.PodDNSConfig readinessGates:28:*core.v1.PodReadinessGate
 runtimeClassName:29:?s enableServiceLinks:30:?b preemptionPolicy:31:?s overhead:32:%q
 topologySpreadConstraints:33:*core.v1.TopologySpreadConstraint setHostnameAsFQDN:35:?b
 os:36:?core.v1.PodOS hostUsers:37:?b schedulingGates:38:*core.v1.PodSchedulingGate
 resourceClaims:39:*core.v1.PodResourceClaim resources:40:?core.v1.ResourceRequirements
 hostnameOverride:41:?s schedulingGroup:43:?core.v1.PodSchedulingGroup
 evictionResponders:44:*core.v1.EvictionResponder
core.v1.PodStatus observedGeneration:17:l phase:1:s conditions:2:*core.v1.PodCondition message:3:s
 reason:4:s nominatedNodeName:11:s hostIP:5:s hostIPs:16:*core.v1.HostIP podIP:6:s
 podIPs:12:*core.v1.PodIP startTime:7:?t initContainerStatuses:10:*core.v1.ContainerStatus
 containerStatuses:8:*core.v1.ContainerStatus qosClass:9:s
 ephemeralContainerStatuses:13:*core.v1.ContainerStatus resize:14:s
 resourceClaimStatuses:15:*core.v1.PodResourceClaimStatus
 extendedResourceClaimStatus:18:?core.v1.PodExtendedResourceClaimStatus allocatedResources:19:%q
 resources:20:?core.v1.ResourceRequirements
 nodeAllocatableResourceClaimStatuses:21:*core.v1.NodeAllocatableResourceClaimStatus
 volumeHealth:22:*core.v1.PodVolumeHealth
core.v1.PodTemplate metadata:1:meta.v1.ObjectMeta template:2:core.v1.PodTemplateSpec
core.v1.PodTemplateSpec metadata:1:meta.v1.ObjectMeta spec:2:core.v1.PodSpec
core.v1.PodVolumeHealth name:1:s healthConditions:2:*core.v1.VolumeHealthCondition
 lastTransitionTime:3:t
core.v1.PortStatus port:1:i protocol:2:s error:3:?s
core.v1.PortworxVolumeSource volumeID:1:s fsType:2:s readOnly:3:b
core.v1.PreferredSchedulingTerm weight:1:i preference:2:core.v1.NodeSelectorTerm
core.v1.Probe handler:1:^core.v1.ProbeHandler initialDelaySeconds:2:i timeoutSeconds:3:i
 periodSeconds:4:i successThreshold:5:i failureThreshold:6:i terminationGracePeriodSeconds:7:?l
core.v1.ProbeHandler exec:1:?core.v1.ExecAction httpGet:2:?core.v1.HTTPGetAction
 tcpSocket:3:?core.v1.TCPSocketAction grpc:4:?core.v1.GRPCAction
core.v1.ProjectedVolumeSource sources:1:*core.v1.VolumeProjection defaultMode:2:?i
 defaultUser:3:?l
core.v1.QuobyteVolumeSource registry:1:s volume:2:s readOnly:3:b user:4:s group:5:s tenant:6:s
core.v1.RBDPersistentVolumeSource monitors:1:*s image:2:s fsType:3:s pool:4:s user:5:s keyring:6:s
 secretRef:7:?core.v1.SecretReference readOnly:8:b
core.v1.RBDVolumeSource monitors:1:*s image:2:s fsType:3:s pool:4:s user:5:s keyring:6:s
 secretRef:7:?core.v1.LocalObjectReference readOnly:8:b
core.v1.ReplicationController metadata:1:meta.v1.ObjectMeta
 spec:2:core.v1.ReplicationControllerSpec status:3:core.v1.ReplicationControllerStatus
core.v1.ReplicationControllerCondition type:1:s status:2:s lastTransitionTime:3:t reason:4:s
 message:5:s
core.v1.ReplicationControllerSpec replicas:1:?i minReadySeconds:4:i selector:2:%s
 template:3:?core.v1.PodTemplateSpec
core.v1.ReplicationControllerStatus replicas:1:i fullyLabeledReplicas:2:i readyReplicas:4:i
 availableReplicas:5:i observedGeneration:3:l conditions:6:*core.v1.ReplicationControllerCondition
core.v1.ResourceClaim name:1:s request:2:s
core.v1.ResourceFieldSelector containerName:1:s resource:2:s divisor:3:q
core.v1.ResourceHealth resourceID:1:s health:2:s message:6:?s
core.v1.ResourceQuota metadata:1:meta.v1.ObjectMeta spec:2:core.v1.ResourceQuotaSpec
 status:3:core.v1.ResourceQuotaStatus
core.v1.ResourceQuotaSpec hard:1:%q scopes:2:*s scopeSelector:3:?core.v1.ScopeSelector
core.v1.ResourceQuotaStatus hard:1:%q used:2:%q
core.v1.ResourceRequirements limits:1:%q requests:2:%q claims:3:*core.v1.ResourceClaim
core.v1.ResourceStatus name:1:s resources:2:*core.v1.ResourceHealth
core.v1.SELinuxOptions user:1:s role:2:s type:3:s level:4:s
core.v1.ScaleIOPersistentVolumeSource gateway:1:s system:2:s secretRef:3:?core.v1.SecretReference
 sslEnabled:4:b protectionDomain:5:s storagePool:6:s storageMode:7:s volumeName:8:s fsType:9:s
 readOnly:10:b
core.v1.ScaleIOVolumeSource gateway:1:s system:2:s secretRef:3:?core.v1.LocalObjectReference
 sslEnabled:4:b protectionDomain:5:s storagePool:6:s storageMode:7:s volumeName:8:s fsType:9:s
 readOnly:10:b
core.v1.ScopeSelector matchExpressions:1:*core.v1.ScopedResourceSelectorRequirement
core.v1.ScopedResourceSelectorRequirement scopeName:1:s operator:2:s values:3:*s
core.v1.SeccompProfile type:1:s localhostProfile:2:?s
core.v1.Secret metadata:1:meta.v1.ObjectMeta immutable:5:?b data:2:%y stringData:4:%s type:3:s
core.v1.SecretEnvSource localObjectReference:1:^core.v1.LocalObjectReference optional:2:?b
core.v1.SecretKeySelector localObjectReference:1:^core.v1.LocalObjectReference key:2:s
 optional:3:?b
core.v1.SecretProjection localObjectReference:1:^core.v1.LocalObjectReference
 items:2:*core.v1.KeyToPath optional:4:?b
core.v1.SecretReference name:1:s namespace:2:s
core.v1.SecretVolumeSource secretName:1:s items:2:*core.v1.KeyToPath defaultMode:3:?i
 optional:4:?b defaultUser:5:?l
core.v1.SecurityContext capabilities:1:?core.v1.Capabilities privileged:2:?b
 seLinuxOptions:3:?core.v1.SELinuxOptions windowsOptions:10:?core.v1.WindowsSecurityContextOptions
 runAsUser:4:?l runAsGroup:8:?l runAsNonRoot:5:?b readOnlyRootFilesystem:6:?b
 allowPrivilegeEscalation:7:?b procMount:9:?s seccompProfile:11:?core.v1.SeccompProfile
 appArmorProfile:12:?core.v1.AppArmorProfile
core.v1.Service metadata:1:meta.v1.ObjectMeta spec:2:core.v1.ServiceSpec
 status:3:core.v1.ServiceStatus
core.v1.ServiceAccount metadata:1:meta.v1.ObjectMeta secrets:2:*core.v1.ObjectReference
 imagePullSecrets:3:*core.v1.LocalObjectReference automountServiceAccountToken:4:?b
core.v1.ServiceAccountTokenProjection audience:1:s expirationSeconds:2:?l path:3:s user:4:?l
core.v1.ServicePort name:1:s protocol:2:s appProtocol:6:?s port:3:i targetPort:4:o nodePort:5:i
core.v1.ServiceSpec ports:1:*core.v1.ServicePort selector:2:%s clusterIP:3:s clusterIPs:18:*s
 type:4:s externalIPs:5:*s sessionAffinity:7:s loadBalancerIP:8:s loadBalancerSourceRanges:9:*s
 externalName:10:s externalTrafficPolicy:11:s healthCheckNodePort:12:i
 publishNotReadyAddresses:13:b sessionAffinityConfig:14:?core.v1.SessionAffinityConfig
 ipFamilies:19:*s ipFamilyPolicy:17:?s allocateLoadBalancerNodePorts:20:?b loadBalancerClass:21:?s
 internalTrafficPolicy:22:?s trafficDistribution:23:?s
core.v1.ServiceStatus loadBalancer:1:core.v1.LoadBalancerStatus conditions:2:*meta.v1.Condition
core.v1.SessionAffinityConfig clientIP:1:?core.v1.ClientIPConfig
core.v1.SleepAction seconds:1:l
core.v1.StorageOSPersistentVolumeSource volumeName:1:s volumeNamespace:2:s fsType:3:s readOnly:4:b
 secretRef:5:?core.v1.ObjectReference
core.v1.StorageOSVolumeSource volumeName:1:s volumeNamespace:2:s fsType:3:s readOnly:4:b
 secretRef:5:?core.v1.LocalObjectReference
core.v1.Sysctl name:1:s value:2:s
core.v1.TCPSocketAction port:1:o host:2:s
core.v1.Taint key:1:s value:2:s effect:3:s timeAdded:4:?t
core.v1.Toleration key:1:s operator:2:s value:3:s effect:4:s tolerationSeconds:5:?l
core.v1.TopologySelectorLabelRequirement key:1:s values:2:*s
core.v1.TopologySelectorTerm matchLabelExpressions:1:*core.v1.TopologySelectorLabelRequirement
core.v1.TopologySpreadConstraint maxSkew:1:i topologyKey:2:s whenUnsatisfiable:3:s
 labelSelector:4:?meta.v1.LabelSelector minDomains:5:?i nodeAffinityPolicy:6:?s
 nodeTaintsPolicy:7:?s matchLabelKeys:8:*s
core.v1.TypedLocalObjectReference apiGroup:1:?s kind:2:s name:3:s
core.v1.TypedObjectReference apiGroup:1:?s kind:2:s name:3:s namespace:4:?s
core.v1.Volume name:1:s volumeSource:2:^core.v1.VolumeSource
core.v1.VolumeDevice name:1:s devicePath:2:s
core.v1.VolumeHealthCondition status:1:s reason:2:s message:3:s
core.v1.VolumeHealthStatus healthConditions:1:*core.v1.VolumeHealthCondition
 lastTransitionTime:2:t
core.v1.VolumeMount name:1:s readOnly:2:b recursiveReadOnly:7:?s mountPath:3:s subPath:4:s
 mountPropagation:5:?s subPathExpr:6:s bindMountOptions:8:*s
core.v1.VolumeMountStatus name:1:s mountPath:2:s readOnly:3:b recursiveReadOnly:4:?s
 volumeStatus:5:?core.v1.VolumeStatus
core.v1.VolumeNodeAffinity required:1:?core.v1.NodeSelector
core.v1.VolumeProjection secret:1:?core.v1.SecretProjection
 downwardAPI:2:?core.v1.DownwardAPIProjection configMap:3:?core.v1.ConfigMapProjection
 serviceAccountToken:4:?core.v1.ServiceAccountTokenProjection
 clusterTrustBundle:5:?core.v1.ClusterTrustBundleProjection
 podCertificate:6:?core.v1.PodCertificateProjection
core.v1.VolumeResourceRequirements limits:1:%q requests:2:%q
core.v1.VolumeSource hostPath:1:?core.v1.HostPathVolumeSource
 emptyDir:2:?core.v1.EmptyDirVolumeSource
 gcePersistentDisk:3:?core.v1.GCEPersistentDiskVolumeSource
 awsElasticBlockStore:4:?core.v1.AWSElasticBlockStoreVolumeSource
 gitRepo:5:?core.v1.GitRepoVolumeSource secret:6:?core.v1.SecretVolumeSource
 nfs:7:?core.v1.NFSVolumeSource iscsi:8:?core.v1.ISCSIVolumeSource
 glusterfs:9:?core.v1.GlusterfsVolumeSource
 persistentVolumeClaim:10:?core.v1.PersistentVolumeClaimVolumeSource
 rbd:11:?core.v1.RBDVolumeSource flexVolume:12:?core.v1.FlexVolumeSource
 cinder:13:?core.v1.CinderVolumeSource cephfs:14:?core.v1.CephFSVolumeSource
 flocker:15:?core.v1.FlockerVolumeSource downwardAPI:16:?core.v1.DownwardAPIVolumeSource
 fc:17:?core.v1.FCVolumeSource azureFile:18:?core.v1.AzureFileVolumeSource
 configMap:19:?core.v1.ConfigMapVolumeSource
 vsphereVolume:20:?core.v1.VsphereVirtualDiskVolumeSource quobyte:21:?core.v1.QuobyteVolumeSource
 azureDisk:22:?core.v1.AzureDiskVolumeSource
 photonPersistentDisk:23:?core.v1.PhotonPersistentDiskVolumeSource
 projected:26:?core.v1.ProjectedVolumeSource portworxVolume:24:?core.v1.PortworxVolumeSource
 scaleIO:25:?core.v1.ScaleIOVolumeSource storageos:27:?core.v1.StorageOSVolumeSource
 csi:28:?core.v1.CSIVolumeSource ephemeral:29:?core.v1.EphemeralVolumeSource
 image:30:?core.v1.ImageVolumeSource
core.v1.VolumeStatus image:1:?core.v1.ImageVolumeStatus
core.v1.VsphereVirtualDiskVolumeSource volumePath:1:s fsType:2:s storagePolicyName:3:s
 storagePolicyID:4:s
core.v1.WeightedPodAffinityTerm weight:1:i podAffinityTerm:2:core.v1.PodAffinityTerm
core.v1.WindowsSecurityContextOptions gmsaCredentialSpecName:1:?s gmsaCredentialSpec:2:?s
 runAsUserName:3:?s hostProcess:4:?b
)";
// clang-format on

}  // namespace gateproof::kubernetes::cluster
