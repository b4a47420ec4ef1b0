// The fields of the built-in kinds that requests depend on; for builtin_schemas.cpp.
#pragma once
#include <string_view>

namespace gateproof::kubernetes::cluster {

// One line is a member; those indented below are its members. `name type flags`:
//   types  str int num bool obj any ios (int or string) qty (a quantity) map (of strings) bytes (map of base64)
//   [keys] a list merged by these keys, [set] a list of different scalars, [] one that is replaced as a whole
//   ~key   the key of kubectl's strategic merge ("~set": scalars are added)
//   !      required, {A|B} one of, (1..9) a range, =x a default, @Block the members of a block, atomic: merged as one value
inline constexpr std::string_view builtin_fields = R"(
ObjectMeta
  name str
  generateName str
  namespace str
  labels map
  annotations map
  finalizers str[set] ~set
  ownerReferences obj[uid] ~uid
    apiVersion str !
    kind str !
    name str !
    uid str !
    controller bool
    blockOwnerDeletion bool
  managedFields obj[]
Conditions
  conditions obj[type] ~type
    type str !
    status str !
LabelSelector
  matchLabels map
  matchExpressions obj[]
    key str !
    operator str !
    values str[]
KeySelector
  name str =
  key str !
  optional bool
HttpGet
  path str =/
  port ios !
  scheme str =HTTP
  host str
  httpHeaders obj[]
    name str !
    value str !
Handler
  exec obj
    command str[]
  httpGet obj @HttpGet
  tcpSocket obj
    port ios !
    host str
  grpc obj
    port int !
    service str =
Probe
  @Handler
  initialDelaySeconds int
  timeoutSeconds int =1
  periodSeconds int =10
  successThreshold int =1
  failureThreshold int =3
  terminationGracePeriodSeconds int
Container
  name str !
  image str
  command str[]
  args str[]
  workingDir str
  imagePullPolicy str
  ports obj[containerPort,protocol] ~containerPort
    name str
    containerPort int ! (1..65535)
    hostPort int
    hostIP str
    protocol str =TCP {TCP|UDP|SCTP}
  env obj[name] ~name
    name str !
    value str
    valueFrom obj
      fieldRef obj atomic
        apiVersion str =v1
        fieldPath str !
      resourceFieldRef obj atomic
        containerName str
        resource str !
        divisor qty
      configMapKeyRef obj atomic @KeySelector
      secretKeyRef obj atomic @KeySelector
  envFrom obj[]
    prefix str
    configMapRef obj
    secretRef obj
  resources obj ={}
    limits qtymap
    requests qtymap
  volumeMounts obj[mountPath] ~mountPath
    name str !
    mountPath str !
    subPath str
    readOnly bool
  volumeDevices obj[devicePath] ~devicePath
    name str !
    devicePath str !
  livenessProbe obj @Probe
  readinessProbe obj @Probe
  startupProbe obj @Probe
  lifecycle obj
    postStart obj @Handler
    preStop obj @Handler
  securityContext obj
  terminationMessagePath str =/dev/termination-log
  terminationMessagePolicy str =File
  stdin bool
  tty bool
Items
  items obj[]
    key str !
    path str !
    mode int
  defaultMode int =420
  optional bool
PodSpec
  containers obj[name] ~name ! @Container
  initContainers obj[name] ~name @Container
  ephemeralContainers obj[name] ~name
    name str !
  volumes obj[name] ~name
    name str !
    secret obj @Items
      secretName str
    configMap obj @Items
      name str
    emptyDir obj
    hostPath obj
      path str !
      type str =
    downwardAPI obj
      defaultMode int =420
    persistentVolumeClaim obj
      claimName str !
    projected obj
      defaultMode int =420
      sources obj[]
  restartPolicy str =Always {Always|OnFailure|Never}
  terminationGracePeriodSeconds int =30
  activeDeadlineSeconds int
  dnsPolicy str =ClusterFirst
  nodeSelector map atomic
  serviceAccountName str
  automountServiceAccountToken bool
  nodeName str
  hostNetwork bool
  hostPID bool
  hostIPC bool
  securityContext obj ={}
    supplementalGroups int[]
    sysctls obj[]
  imagePullSecrets obj[name] ~name
    name str =
  hostname str
  subdomain str
  affinity obj
  schedulerName str =default-scheduler
  tolerations obj[]
    key str
    operator str
    value str
    effect str
    tolerationSeconds int
  hostAliases obj[ip] ~ip
    ip str !
    hostnames str[]
  priorityClassName str
  priority int
  dnsConfig obj
  readinessGates obj[]
  topologySpreadConstraints obj[topologyKey,whenUnsatisfiable] ~topologyKey
    topologyKey str !
    whenUnsatisfiable str !
    maxSkew int !
    labelSelector obj atomic @LabelSelector
PodTemplate
  metadata obj @ObjectMeta
  spec obj @PodSpec
core/Namespace
  spec obj
    finalizers str[]
  status obj @Conditions
    phase str
core/Node
  spec obj
    podCIDR str
    podCIDRs str[set] ~set
    unschedulable bool
    providerID str
    taints obj[]
  status obj @Conditions
    addresses obj[type] ~type
      type str !
      address str !
    capacity qtymap
    allocatable qtymap
core/Pod
  spec obj ! @PodSpec
  status obj @Conditions
    phase str
    podIP str
    podIPs obj[ip] ~ip
      ip str !
    containerStatuses obj[]
core/Service
  spec obj
    ports obj[port,protocol] ~port
      name str
      protocol str =TCP {TCP|UDP|SCTP}
      appProtocol str
      port int ! (1..65535)
      targetPort ios
      nodePort int
    selector map atomic
    clusterIP str
    clusterIPs str[]
    type str =ClusterIP {ClusterIP|ExternalName|LoadBalancer|NodePort}
    externalIPs str[]
    sessionAffinity str =None {ClientIP|None}
    loadBalancerIP str
    loadBalancerSourceRanges str[]
    externalName str
    externalTrafficPolicy str
    internalTrafficPolicy str
    healthCheckNodePort int
    publishNotReadyAddresses bool
    ipFamilies str[]
    ipFamilyPolicy str
    allocateLoadBalancerNodePorts bool
    loadBalancerClass str
    trafficDistribution str
  status obj @Conditions
    loadBalancer obj
      ingress obj[]
core/Secret
  immutable bool
  data bytes
  stringData map
  type str =Opaque
core/ConfigMap
  immutable bool
  data map
  binaryData bytes
core/ServiceAccount
  secrets obj[name] ~name
    name str
  imagePullSecrets obj[]
  automountServiceAccountToken bool
core/Endpoints
  subsets obj[]
    addresses obj[]
      ip str !
    notReadyAddresses obj[]
      ip str !
    ports obj[]
      name str
      port int !
      protocol str =TCP
core/Event
  involvedObject obj
  reason str
  message str
  type str
  count int
  source obj
  reportingComponent str
  reportingInstance str
core/PersistentVolumeClaim
  spec obj
    accessModes str[]
    storageClassName str
    volumeName str
    volumeMode str =Filesystem
    resources obj
      requests qtymap
      limits qtymap
  status obj @Conditions
    phase str
apps/Deployment
  spec obj !
    replicas int =1 (0..2147483647)
    selector obj ! atomic @LabelSelector
    template obj ! @PodTemplate
    strategy obj ={}
      type str =RollingUpdate {Recreate|RollingUpdate}
      rollingUpdate obj
        maxUnavailable ios
        maxSurge ios
    minReadySeconds int
    revisionHistoryLimit int =10
    paused bool
    progressDeadlineSeconds int =600
  status obj @Conditions
    replicas int
    readyReplicas int
    observedGeneration int
apps/ReplicaSet
  spec obj !
    replicas int =1 (0..2147483647)
    minReadySeconds int
    selector obj ! atomic @LabelSelector
    template obj @PodTemplate
  status obj @Conditions
    replicas int
apps/StatefulSet
  spec obj !
    replicas int =1 (0..2147483647)
    selector obj ! atomic @LabelSelector
    template obj ! @PodTemplate
    serviceName str
    podManagementPolicy str =OrderedReady
    revisionHistoryLimit int =10
    updateStrategy obj ={}
      type str =RollingUpdate
    volumeClaimTemplates obj[]
  status obj @Conditions
    replicas int
apps/DaemonSet
  spec obj !
    selector obj ! atomic @LabelSelector
    template obj ! @PodTemplate
    revisionHistoryLimit int =10
    updateStrategy obj ={}
      type str =RollingUpdate
  status obj @Conditions
batch/Job
  spec obj !
    template obj ! @PodTemplate
    backoffLimit int =6
    completions int
    parallelism int =1
    suspend bool
  status obj @Conditions
batch/CronJob
  spec obj !
    schedule str !
    concurrencyPolicy str =Allow
    suspend bool =false
    successfulJobsHistoryLimit int =3
    failedJobsHistoryLimit int =1
    jobTemplate obj !
      spec obj
        template obj @PodTemplate
autoscaling/HorizontalPodAutoscaler
  spec obj !
    minReplicas int =1
    maxReplicas int !
    scaleTargetRef obj ! atomic
      kind str !
      name str !
      apiVersion str
    metrics obj[]
  status obj @Conditions
policy/PodDisruptionBudget
  spec obj
    minAvailable ios
    maxUnavailable ios
    selector obj atomic @LabelSelector
  status obj @Conditions
discovery.k8s.io/EndpointSlice
  addressType str ! {IPv4|IPv6|FQDN}
  endpoints obj[]
    addresses str[set] !
    conditions obj
      ready bool
      serving bool
      terminating bool
    hostname str
    nodeName str
    zone str
    targetRef obj atomic
  ports obj[]
    name str =
    protocol str =TCP
    port int
    appProtocol str
networking.k8s.io/Ingress
  spec obj
    ingressClassName str
    defaultBackend obj
      service obj
        name str !
        port obj
          name str
          number int
      resource obj atomic
    tls obj[]
      hosts str[]
      secretName str
    rules obj[]
      host str
      http obj
        paths obj[] !
          path str
          pathType str ! {Exact|ImplementationSpecific|Prefix}
          backend obj !
            service obj
              name str !
              port obj
                name str
                number int
            resource obj atomic
  status obj
    loadBalancer obj
      ingress obj[]
networking.k8s.io/IngressClass
  spec obj
    controller str
    parameters obj
networking.k8s.io/NetworkPolicy
  spec obj
    podSelector obj atomic @LabelSelector
    policyTypes str[]
    ingress obj[]
    egress obj[]
coordination.k8s.io/Lease
  spec obj
    holderIdentity str
    leaseDurationSeconds int (1..2147483647)
    acquireTime str
    renewTime str
    leaseTransitions int
Rules
  rules obj[]
    apiGroups str[]
    resources str[]
    resourceNames str[]
    nonResourceURLs str[]
    verbs str[] !
Binding
  roleRef obj ! atomic
    apiGroup str =rbac.authorization.k8s.io
    kind str !
    name str !
  subjects obj[]
    kind str !
    name str !
    namespace str
    apiGroup str
rbac.authorization.k8s.io/Role
  @Rules
rbac.authorization.k8s.io/ClusterRole
  @Rules
  aggregationRule obj
    clusterRoleSelectors obj[]
rbac.authorization.k8s.io/RoleBinding
  @Binding
rbac.authorization.k8s.io/ClusterRoleBinding
  @Binding
apiextensions.k8s.io/CustomResourceDefinition
  spec obj !
    group str !
    names obj !
      plural str !
      kind str !
      singular str
      listKind str
      shortNames str[]
      categories str[]
    scope str ! {Cluster|Namespaced}
    conversion obj ={}
      strategy str =None
    versions obj[] !
      name str !
      served bool !
      storage bool !
  status obj @Conditions
    acceptedNames obj
    storedVersions str[]
apiregistration.k8s.io/APIService
  spec obj
    group str
    version str
  status obj @Conditions
admissionregistration.k8s.io/ValidatingWebhookConfiguration
  webhooks obj[name] ~name
    name str !
admissionregistration.k8s.io/MutatingWebhookConfiguration
  webhooks obj[name] ~name
    name str !
)";

}  // namespace gateproof::kubernetes::cluster
