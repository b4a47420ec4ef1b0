// Written by tools/kubernetes_fields: fields of the built-in kinds (see wire_fields.h).
#include "engine/kubernetes/cluster/wire_fields.h"

namespace gateproof::kubernetes::cluster {

// clang-format off
const std::string_view wire_fields_groups = R"(
admissionregistration.v1.AuditAnnotation key:1:s valueExpression:2:s
admissionregistration.v1.ExpressionWarning fieldRef:2:s warning:3:s
admissionregistration.v1.MatchCondition name:1:s expression:2:s
admissionregistration.v1.MatchResources namespaceSelector:1:?meta.v1.LabelSelector
 objectSelector:2:?meta.v1.LabelSelector
 resourceRules:3:*admissionregistration.v1.NamedRuleWithOperations
 excludeResourceRules:4:*admissionregistration.v1.NamedRuleWithOperations matchPolicy:7:?s
admissionregistration.v1.MutatingWebhook name:1:s
 clientConfig:2:admissionregistration.v1.WebhookClientConfig
 rules:3:*admissionregistration.v1.RuleWithOperations failurePolicy:4:?s matchPolicy:9:?s
 namespaceSelector:5:?meta.v1.LabelSelector objectSelector:11:?meta.v1.LabelSelector
 sideEffects:6:?s timeoutSeconds:7:?i admissionReviewVersions:8:*s reinvocationPolicy:10:?s
 matchConditions:12:*admissionregistration.v1.MatchCondition
admissionregistration.v1.MutatingWebhookConfiguration metadata:1:meta.v1.ObjectMeta
 Webhooks:2:*admissionregistration.v1.MutatingWebhook
admissionregistration.v1.NamedRuleWithOperations resourceNames:1:*s
 ruleWithOperations:2:^admissionregistration.v1.RuleWithOperations
admissionregistration.v1.ParamKind apiVersion:1:s kind:2:s
admissionregistration.v1.ParamRef name:1:s namespace:2:s selector:3:?meta.v1.LabelSelector
 parameterNotFoundAction:4:?s
admissionregistration.v1.Rule apiGroups:1:*s apiVersions:2:*s resources:3:*s scope:4:?s
admissionregistration.v1.RuleWithOperations operations:1:*s rule:2:^admissionregistration.v1.Rule
admissionregistration.v1.ServiceReference namespace:1:s name:2:s path:3:?s port:4:?i
admissionregistration.v1.TypeChecking
 expressionWarnings:1:*admissionregistration.v1.ExpressionWarning
admissionregistration.v1.ValidatingAdmissionPolicy metadata:1:meta.v1.ObjectMeta
 spec:2:admissionregistration.v1.ValidatingAdmissionPolicySpec
 status:3:admissionregistration.v1.ValidatingAdmissionPolicyStatus
admissionregistration.v1.ValidatingAdmissionPolicyBinding metadata:1:meta.v1.ObjectMeta
 spec:2:admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec
admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec policyName:1:s
 paramRef:2:?admissionregistration.v1.ParamRef
 matchResources:3:?admissionregistration.v1.MatchResources validationActions:4:*s
admissionregistration.v1.ValidatingAdmissionPolicySpec
 paramKind:1:?admissionregistration.v1.ParamKind
 matchConstraints:2:?admissionregistration.v1.MatchResources
 validations:3:*admissionregistration.v1.Validation failurePolicy:4:?s
 auditAnnotations:5:*admissionregistration.v1.AuditAnnotation
 matchConditions:6:*admissionregistration.v1.MatchCondition
 variables:7:*admissionregistration.v1.Variable
admissionregistration.v1.ValidatingAdmissionPolicyStatus observedGeneration:1:l
 typeChecking:2:?admissionregistration.v1.TypeChecking conditions:3:*meta.v1.Condition
admissionregistration.v1.ValidatingWebhook name:1:s
 clientConfig:2:admissionregistration.v1.WebhookClientConfig
 rules:3:*admissionregistration.v1.RuleWithOperations failurePolicy:4:?s matchPolicy:9:?s
 namespaceSelector:5:?meta.v1.LabelSelector objectSelector:10:?meta.v1.LabelSelector
 sideEffects:6:?s timeoutSeconds:7:?i admissionReviewVersions:8:*s
 matchConditions:11:*admissionregistration.v1.MatchCondition
admissionregistration.v1.ValidatingWebhookConfiguration metadata:1:meta.v1.ObjectMeta
 Webhooks:2:*admissionregistration.v1.ValidatingWebhook
admissionregistration.v1.Validation Expression:1:s message:2:s reason:3:?s messageExpression:4:s
admissionregistration.v1.Variable Name:1:s Expression:2:s
admissionregistration.v1.WebhookClientConfig url:3:?s
 service:1:?admissionregistration.v1.ServiceReference caBundle:2:y
apps.v1.ControllerRevision metadata:1:meta.v1.ObjectMeta data:2:r revision:3:l
apps.v1.DaemonSet metadata:1:meta.v1.ObjectMeta spec:2:apps.v1.DaemonSetSpec
 status:3:apps.v1.DaemonSetStatus
apps.v1.DaemonSetCondition type:1:s status:2:s lastTransitionTime:3:t reason:4:s message:5:s
apps.v1.DaemonSetSpec selector:1:?meta.v1.LabelSelector template:2:core.v1.PodTemplateSpec
 updateStrategy:3:apps.v1.DaemonSetUpdateStrategy minReadySeconds:4:i revisionHistoryLimit:6:?i
apps.v1.DaemonSetStatus currentNumberScheduled:1:i numberMisscheduled:2:i
 desiredNumberScheduled:3:i numberReady:4:i observedGeneration:5:l updatedNumberScheduled:6:i
 numberAvailable:7:i numberUnavailable:8:i collisionCount:9:?i
 conditions:10:*apps.v1.DaemonSetCondition
apps.v1.DaemonSetUpdateStrategy type:1:s rollingUpdate:2:?apps.v1.RollingUpdateDaemonSet
apps.v1.Deployment metadata:1:meta.v1.ObjectMeta spec:2:apps.v1.DeploymentSpec
 status:3:apps.v1.DeploymentStatus
apps.v1.DeploymentCondition type:1:s status:2:s lastUpdateTime:6:t lastTransitionTime:7:t
 reason:4:s message:5:s
apps.v1.DeploymentSpec replicas:1:?i selector:2:?meta.v1.LabelSelector
 template:3:core.v1.PodTemplateSpec strategy:4:apps.v1.DeploymentStrategy minReadySeconds:5:i
 revisionHistoryLimit:6:?i paused:7:b progressDeadlineSeconds:9:?i
apps.v1.DeploymentStatus observedGeneration:1:l replicas:2:i updatedReplicas:3:i readyReplicas:7:i
 availableReplicas:4:i unavailableReplicas:5:i terminatingReplicas:9:?i
 conditions:6:*apps.v1.DeploymentCondition collisionCount:8:?i
apps.v1.DeploymentStrategy type:1:s rollingUpdate:2:?apps.v1.RollingUpdateDeployment
apps.v1.ReplicaSet metadata:1:meta.v1.ObjectMeta spec:2:apps.v1.ReplicaSetSpec
 status:3:apps.v1.ReplicaSetStatus
apps.v1.ReplicaSetCondition type:1:s status:2:s lastTransitionTime:3:t reason:4:s message:5:s
apps.v1.ReplicaSetSpec replicas:1:?i minReadySeconds:4:i selector:2:?meta.v1.LabelSelector
 template:3:core.v1.PodTemplateSpec
apps.v1.ReplicaSetStatus replicas:1:i fullyLabeledReplicas:2:i readyReplicas:4:i
 availableReplicas:5:i terminatingReplicas:7:?i observedGeneration:3:l
 conditions:6:*apps.v1.ReplicaSetCondition
apps.v1.RollingUpdateDaemonSet maxUnavailable:1:?o maxSurge:2:?o
apps.v1.RollingUpdateDeployment maxUnavailable:1:?o maxSurge:2:?o
apps.v1.RollingUpdateStatefulSetStrategy partition:1:?i maxUnavailable:2:?o
apps.v1.StatefulSet metadata:1:meta.v1.ObjectMeta spec:2:apps.v1.StatefulSetSpec
 status:3:apps.v1.StatefulSetStatus
apps.v1.StatefulSetCondition type:1:s status:2:s lastTransitionTime:3:t reason:4:s message:5:s
apps.v1.StatefulSetOrdinals start:1:i
apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy whenDeleted:1:s whenScaled:2:s
apps.v1.StatefulSetSpec replicas:1:?i selector:2:?meta.v1.LabelSelector
 template:3:core.v1.PodTemplateSpec volumeClaimTemplates:4:*core.v1.PersistentVolumeClaim
 serviceName:5:s podManagementPolicy:6:s updateStrategy:7:apps.v1.StatefulSetUpdateStrategy
 revisionHistoryLimit:8:?i minReadySeconds:9:i
 persistentVolumeClaimRetentionPolicy:10:?apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy
 ordinals:11:?apps.v1.StatefulSetOrdinals
apps.v1.StatefulSetStatus observedGeneration:1:l replicas:2:i readyReplicas:3:i
 currentReplicas:4:i updatedReplicas:5:i currentRevision:6:s updateRevision:7:s
 collisionCount:9:?i conditions:10:*apps.v1.StatefulSetCondition availableReplicas:11:i
apps.v1.StatefulSetUpdateStrategy type:1:s
 rollingUpdate:2:?apps.v1.RollingUpdateStatefulSetStrategy
authentication.v1.AttestationValue items:1:*s
authentication.v1.BoundObjectReference kind:1:s apiVersion:2:s name:3:s uID:4:s
authentication.v1.SelfSubjectReview metadata:1:meta.v1.ObjectMeta
 status:2:authentication.v1.SelfSubjectReviewStatus
authentication.v1.SelfSubjectReviewStatus userInfo:1:authentication.v1.UserInfo
authentication.v1.TokenRequest metadata:1:meta.v1.ObjectMeta
 spec:2:authentication.v1.TokenRequestSpec status:3:authentication.v1.TokenRequestStatus
authentication.v1.TokenRequestSpec audiences:1:*s expirationSeconds:4:?l
 boundObjectRef:3:?authentication.v1.BoundObjectReference
 attestations:5:%authentication.v1.AttestationValue
authentication.v1.TokenRequestStatus token:1:s expirationTimestamp:2:t
authentication.v1.TokenReview metadata:1:meta.v1.ObjectMeta
 spec:2:authentication.v1.TokenReviewSpec status:3:authentication.v1.TokenReviewStatus
authentication.v1.TokenReviewSpec token:1:s audiences:2:*s
authentication.v1.TokenReviewStatus authenticated:1:b user:2:authentication.v1.UserInfo
 audiences:4:*s error:3:s
authentication.v1.UserInfo username:1:s uid:2:s groups:3:*s extra:4:%D
authorization.v1.FieldSelectorAttributes rawSelector:1:s
 requirements:2:*meta.v1.FieldSelectorRequirement
authorization.v1.LabelSelectorAttributes rawSelector:1:s
 requirements:2:*meta.v1.LabelSelectorRequirement
authorization.v1.NonResourceAttributes path:1:s verb:2:s
authorization.v1.NonResourceRule verbs:1:*s nonResourceURLs:2:*s
authorization.v1.ResourceAttributes namespace:1:s verb:2:s group:3:s version:4:s resource:5:s
 subresource:6:s name:7:s fieldSelector:8:?authorization.v1.FieldSelectorAttributes
 labelSelector:9:?authorization.v1.LabelSelectorAttributes
authorization.v1.ResourceRule verbs:1:*s apiGroups:2:*s resources:3:*s resourceNames:4:*s
authorization.v1.SelfSubjectAccessReview metadata:1:meta.v1.ObjectMeta
 spec:2:authorization.v1.SelfSubjectAccessReviewSpec
 status:3:authorization.v1.SubjectAccessReviewStatus
authorization.v1.SelfSubjectAccessReviewSpec
 resourceAttributes:1:?authorization.v1.ResourceAttributes
 nonResourceAttributes:2:?authorization.v1.NonResourceAttributes
authorization.v1.SelfSubjectRulesReview metadata:1:meta.v1.ObjectMeta
 spec:2:authorization.v1.SelfSubjectRulesReviewSpec
 status:3:authorization.v1.SubjectRulesReviewStatus
authorization.v1.SelfSubjectRulesReviewSpec namespace:1:s
authorization.v1.SubjectAccessReview metadata:1:meta.v1.ObjectMeta
 spec:2:authorization.v1.SubjectAccessReviewSpec
 status:3:authorization.v1.SubjectAccessReviewStatus
authorization.v1.SubjectAccessReviewSpec resourceAttributes:1:?authorization.v1.ResourceAttributes
 nonResourceAttributes:2:?authorization.v1.NonResourceAttributes user:3:s groups:4:*s extra:5:%D
 uid:6:s
authorization.v1.SubjectAccessReviewStatus allowed:1:b denied:4:b reason:2:s evaluationError:3:s
authorization.v1.SubjectRulesReviewStatus resourceRules:1:*authorization.v1.ResourceRule
 nonResourceRules:2:*authorization.v1.NonResourceRule incomplete:3:b evaluationError:4:s
autoscaling.v1.CrossVersionObjectReference kind:1:s name:2:s apiVersion:3:s
autoscaling.v1.HorizontalPodAutoscaler metadata:1:meta.v1.ObjectMeta
 spec:2:autoscaling.v1.HorizontalPodAutoscalerSpec
 status:3:autoscaling.v1.HorizontalPodAutoscalerStatus
autoscaling.v1.HorizontalPodAutoscalerSpec
 scaleTargetRef:1:autoscaling.v1.CrossVersionObjectReference minReplicas:2:?i maxReplicas:3:i
 targetCPUUtilizationPercentage:4:?i
autoscaling.v1.HorizontalPodAutoscalerStatus observedGeneration:1:?l lastScaleTime:2:?t
 currentReplicas:3:i desiredReplicas:4:i currentCPUUtilizationPercentage:5:?i
autoscaling.v1.Scale metadata:1:meta.v1.ObjectMeta spec:2:autoscaling.v1.ScaleSpec
 status:3:autoscaling.v1.ScaleStatus
autoscaling.v1.ScaleSpec replicas:1:i
autoscaling.v1.ScaleStatus replicas:1:i selector:2:s
autoscaling.v2.ContainerResourceMetricSource name:1:s target:2:autoscaling.v2.MetricTarget
 container:3:s
autoscaling.v2.ContainerResourceMetricStatus name:1:s current:2:autoscaling.v2.MetricValueStatus
 container:3:s
autoscaling.v2.CrossVersionObjectReference kind:1:s name:2:s apiVersion:3:s
autoscaling.v2.ExternalMetricSource metric:1:autoscaling.v2.MetricIdentifier
 target:2:autoscaling.v2.MetricTarget
autoscaling.v2.ExternalMetricStatus metric:1:autoscaling.v2.MetricIdentifier
 current:2:autoscaling.v2.MetricValueStatus
autoscaling.v2.HPAScalingPolicy type:1:s value:2:i periodSeconds:3:i
autoscaling.v2.HPAScalingRules stabilizationWindowSeconds:3:?i selectPolicy:1:?s
 policies:2:*autoscaling.v2.HPAScalingPolicy tolerance:4:?q
autoscaling.v2.HorizontalPodAutoscaler metadata:1:meta.v1.ObjectMeta
 spec:2:autoscaling.v2.HorizontalPodAutoscalerSpec
 status:3:autoscaling.v2.HorizontalPodAutoscalerStatus
autoscaling.v2.HorizontalPodAutoscalerBehavior scaleUp:1:?autoscaling.v2.HPAScalingRules
 scaleDown:2:?autoscaling.v2.HPAScalingRules
autoscaling.v2.HorizontalPodAutoscalerCondition type:1:s status:2:s lastTransitionTime:3:t
 reason:4:s message:5:s observedGeneration:6:?l
autoscaling.v2.HorizontalPodAutoscalerSpec
 scaleTargetRef:1:autoscaling.v2.CrossVersionObjectReference minReplicas:2:?i maxReplicas:3:i
 metrics:4:*autoscaling.v2.MetricSpec behavior:5:?autoscaling.v2.HorizontalPodAutoscalerBehavior
autoscaling.v2.HorizontalPodAutoscalerStatus observedGeneration:1:?l lastScaleTime:2:?t
 currentReplicas:3:i desiredReplicas:4:i currentMetrics:5:*autoscaling.v2.MetricStatus
 conditions:6:*autoscaling.v2.HorizontalPodAutoscalerCondition
autoscaling.v2.MetricIdentifier name:1:s selector:2:?meta.v1.LabelSelector
autoscaling.v2.MetricSpec type:1:s object:2:?autoscaling.v2.ObjectMetricSource
 pods:3:?autoscaling.v2.PodsMetricSource resource:4:?autoscaling.v2.ResourceMetricSource
 containerResource:7:?autoscaling.v2.ContainerResourceMetricSource
 external:5:?autoscaling.v2.ExternalMetricSource
autoscaling.v2.MetricStatus type:1:s object:2:?autoscaling.v2.ObjectMetricStatus
 pods:3:?autoscaling.v2.PodsMetricStatus resource:4:?autoscaling.v2.ResourceMetricStatus
 containerResource:7:?autoscaling.v2.ContainerResourceMetricStatus
 external:5:?autoscaling.v2.ExternalMetricStatus
autoscaling.v2.MetricTarget type:1:s value:2:?q averageValue:3:?q averageUtilization:4:?i
autoscaling.v2.MetricValueStatus value:1:?q averageValue:2:?q averageUtilization:3:?i
autoscaling.v2.ObjectMetricSource describedObject:1:autoscaling.v2.CrossVersionObjectReference
 target:2:autoscaling.v2.MetricTarget metric:3:autoscaling.v2.MetricIdentifier
autoscaling.v2.ObjectMetricStatus metric:1:autoscaling.v2.MetricIdentifier
 current:2:autoscaling.v2.MetricValueStatus
 describedObject:3:autoscaling.v2.CrossVersionObjectReference
autoscaling.v2.PodsMetricSource metric:1:autoscaling.v2.MetricIdentifier
 target:2:autoscaling.v2.MetricTarget
autoscaling.v2.PodsMetricStatus metric:1:autoscaling.v2.MetricIdentifier
 current:2:autoscaling.v2.MetricValueStatus
autoscaling.v2.ResourceMetricSource name:1:s target:2:autoscaling.v2.MetricTarget
autoscaling.v2.ResourceMetricStatus name:1:s current:2:autoscaling.v2.MetricValueStatus
batch.v1.CronJob metadata:1:meta.v1.ObjectMeta spec:2:batch.v1.CronJobSpec
 status:3:batch.v1.CronJobStatus
batch.v1.CronJobSpec schedule:1:s timeZone:8:?s startingDeadlineSeconds:2:?l concurrencyPolicy:3:s
 suspend:4:?b jobTemplate:5:batch.v1.JobTemplateSpec successfulJobsHistoryLimit:6:?i
 failedJobsHistoryLimit:7:?i
batch.v1.CronJobStatus active:1:*core.v1.ObjectReference lastScheduleTime:4:?t
 lastSuccessfulTime:5:?t
batch.v1.Job metadata:1:meta.v1.ObjectMeta spec:2:batch.v1.JobSpec status:3:batch.v1.JobStatus
batch.v1.JobCondition type:1:s status:2:s lastProbeTime:3:t lastTransitionTime:4:t reason:5:s
 message:6:s
batch.v1.JobSchedulingConfiguration
batch.v1.JobSpec parallelism:1:?i completions:2:?i activeDeadlineSeconds:3:?l
 podFailurePolicy:11:?batch.v1.PodFailurePolicy successPolicy:16:?batch.v1.SuccessPolicy
 backoffLimit:7:?i backoffLimitPerIndex:12:?i maxFailedIndexes:13:?i
 selector:4:?meta.v1.LabelSelector manualSelector:5:?b template:6:core.v1.PodTemplateSpec
 ttlSecondsAfterFinished:8:?i completionMode:9:?s suspend:10:?b podReplacementPolicy:14:?s
 managedBy:15:?s scheduling:17:?batch.v1.JobSchedulingConfiguration
batch.v1.JobStatus conditions:1:*batch.v1.JobCondition startTime:2:?t completionTime:3:?t
 active:4:i succeeded:5:i failed:6:i terminating:11:?i completedIndexes:7:s failedIndexes:10:?s
 uncountedTerminatedPods:8:?batch.v1.UncountedTerminatedPods ready:9:?i
batch.v1.JobTemplateSpec metadata:1:meta.v1.ObjectMeta spec:2:batch.v1.JobSpec
batch.v1.PodFailurePolicy rules:1:*batch.v1.PodFailurePolicyRule
batch.v1.PodFailurePolicyOnExitCodesRequirement containerName:1:?s operator:2:s values:3:*i
batch.v1.PodFailurePolicyOnPodConditionsPattern type:1:s status:2:s
batch.v1.PodFailurePolicyRule action:1:s
 onExitCodes:2:?batch.v1.PodFailurePolicyOnExitCodesRequirement
 onPodConditions:3:*batch.v1.PodFailurePolicyOnPodConditionsPattern
batch.v1.SuccessPolicy rules:1:*batch.v1.SuccessPolicyRule
batch.v1.SuccessPolicyRule succeededIndexes:1:?s succeededCount:2:?i
batch.v1.UncountedTerminatedPods succeeded:1:*s failed:2:*s
certificates.v1.CertificateSigningRequest metadata:1:meta.v1.ObjectMeta
 spec:2:certificates.v1.CertificateSigningRequestSpec
 status:3:certificates.v1.CertificateSigningRequestStatus
certificates.v1.CertificateSigningRequestCondition type:1:s status:6:s reason:2:s message:3:s
 lastUpdateTime:4:t lastTransitionTime:5:t
certificates.v1.CertificateSigningRequestSpec request:1:y signerName:7:s expirationSeconds:8:?i
 usages:5:*s username:2:s uid:3:s groups:4:*s extra:6:%certificates.v1.ExtraValue
certificates.v1.CertificateSigningRequestStatus
 conditions:1:*certificates.v1.CertificateSigningRequestCondition certificate:2:y
certificates.v1.ExtraValue items:1:*s
coordination.v1.Lease metadata:1:meta.v1.ObjectMeta spec:2:coordination.v1.LeaseSpec
coordination.v1.LeaseSpec holderIdentity:1:?s leaseDurationSeconds:2:?i acquireTime:3:?u
 renewTime:4:?u leaseTransitions:5:?i strategy:6:?s preferredHolder:7:?s
discovery.v1.Endpoint addresses:1:*s conditions:2:discovery.v1.EndpointConditions hostname:3:?s
 targetRef:4:?core.v1.ObjectReference deprecatedTopology:5:%s nodeName:6:?s zone:7:?s
 hints:8:?discovery.v1.EndpointHints
discovery.v1.EndpointConditions ready:1:?b serving:2:?b terminating:3:?b
discovery.v1.EndpointHints forZones:1:*discovery.v1.ForZone forNodes:2:*discovery.v1.ForNode
discovery.v1.EndpointPort name:1:?s protocol:2:?s port:3:?i appProtocol:4:?s
discovery.v1.EndpointSlice metadata:1:meta.v1.ObjectMeta addressType:4:s
 endpoints:2:*discovery.v1.Endpoint ports:3:*discovery.v1.EndpointPort
discovery.v1.ForNode name:1:s
discovery.v1.ForZone name:1:s
events.v1.Event metadata:1:meta.v1.ObjectMeta eventTime:2:u series:3:?events.v1.EventSeries
 reportingController:4:s reportingInstance:5:s action:6:s reason:7:s
 regarding:8:core.v1.ObjectReference related:9:?core.v1.ObjectReference note:10:s type:11:s
 deprecatedSource:12:core.v1.EventSource deprecatedFirstTimestamp:13:t
 deprecatedLastTimestamp:14:t deprecatedCount:15:i
events.v1.EventSeries count:1:i lastObservedTime:2:u
meta.v1.Condition type:1:s status:2:s observedGeneration:3:l lastTransitionTime:4:t reason:5:s
 message:6:s
meta.v1.DeleteOptions gracePeriodSeconds:1:?l preconditions:2:?meta.v1.Preconditions
 orphanDependents:3:?b propagationPolicy:4:?s dryRun:5:*s
 ignoreStoreReadErrorWithClusterBreakingPotential:6:?b
meta.v1.FieldSelectorRequirement key:1:s operator:2:s values:3:*s
meta.v1.LabelSelector matchLabels:1:%s matchExpressions:2:*meta.v1.LabelSelectorRequirement
meta.v1.LabelSelectorRequirement key:1:s operator:2:s values:3:*s
meta.v1.ManagedFieldsEntry manager:1:s operation:2:s apiVersion:3:s time:4:?t fieldsType:6:s
 fieldsV1:7:?r subresource:8:s
meta.v1.ObjectMeta name:1:s generateName:2:s namespace:3:s selfLink:4:s uid:5:s
 resourceVersion:6:s generation:7:l creationTimestamp:8:t deletionTimestamp:9:?t
 deletionGracePeriodSeconds:10:?l labels:11:%s annotations:12:%s
 ownerReferences:13:*meta.v1.OwnerReference finalizers:14:*s
 managedFields:17:*meta.v1.ManagedFieldsEntry
meta.v1.OwnerReference apiVersion:5:s kind:1:s name:3:s uid:4:s controller:6:?b
 blockOwnerDeletion:7:?b
meta.v1.Preconditions uid:1:?s resourceVersion:2:?s
networking.v1.HTTPIngressPath path:1:s pathType:3:?s backend:2:networking.v1.IngressBackend
networking.v1.HTTPIngressRuleValue paths:1:*networking.v1.HTTPIngressPath
networking.v1.IPBlock cidr:1:s except:2:*s
networking.v1.Ingress metadata:1:meta.v1.ObjectMeta spec:2:networking.v1.IngressSpec
 status:3:networking.v1.IngressStatus
networking.v1.IngressBackend service:4:?networking.v1.IngressServiceBackend
 resource:3:?core.v1.TypedLocalObjectReference
networking.v1.IngressClass metadata:1:meta.v1.ObjectMeta spec:2:networking.v1.IngressClassSpec
networking.v1.IngressClassParametersReference aPIGroup:1:?s kind:2:s name:3:s scope:4:?s
 namespace:5:?s
networking.v1.IngressClassSpec controller:1:s
 parameters:2:?networking.v1.IngressClassParametersReference
networking.v1.IngressLoadBalancerIngress ip:1:s hostname:2:s
 ports:4:*networking.v1.IngressPortStatus
networking.v1.IngressLoadBalancerStatus ingress:1:*networking.v1.IngressLoadBalancerIngress
networking.v1.IngressPortStatus port:1:i protocol:2:s error:3:?s
networking.v1.IngressRule host:1:s ingressRuleValue:2:^networking.v1.IngressRuleValue
networking.v1.IngressRuleValue http:1:?networking.v1.HTTPIngressRuleValue
networking.v1.IngressServiceBackend name:1:s port:2:networking.v1.ServiceBackendPort
networking.v1.IngressSpec ingressClassName:4:?s defaultBackend:1:?networking.v1.IngressBackend
 tls:2:*networking.v1.IngressTLS rules:3:*networking.v1.IngressRule
networking.v1.IngressStatus loadBalancer:1:networking.v1.IngressLoadBalancerStatus
networking.v1.IngressTLS hosts:1:*s secretName:2:s
networking.v1.NetworkPolicy metadata:1:meta.v1.ObjectMeta spec:2:networking.v1.NetworkPolicySpec
networking.v1.NetworkPolicyEgressRule ports:1:*networking.v1.NetworkPolicyPort
 to:2:*networking.v1.NetworkPolicyPeer
networking.v1.NetworkPolicyIngressRule ports:1:*networking.v1.NetworkPolicyPort
 from:2:*networking.v1.NetworkPolicyPeer
networking.v1.NetworkPolicyPeer podSelector:1:?meta.v1.LabelSelector
 namespaceSelector:2:?meta.v1.LabelSelector ipBlock:3:?networking.v1.IPBlock
networking.v1.NetworkPolicyPort protocol:1:?s port:2:?o endPort:3:?i
networking.v1.NetworkPolicySpec podSelector:1:meta.v1.LabelSelector
 ingress:2:*networking.v1.NetworkPolicyIngressRule egress:3:*networking.v1.NetworkPolicyEgressRule
 policyTypes:4:*s
networking.v1.ServiceBackendPort name:1:s number:2:i
node.v1.Overhead podFixed:1:%q
node.v1.RuntimeClass metadata:1:meta.v1.ObjectMeta handler:2:s overhead:3:?node.v1.Overhead
 scheduling:4:?node.v1.Scheduling
node.v1.Scheduling nodeSelector:1:%s tolerations:2:*core.v1.Toleration
policy.v1.Eviction metadata:1:meta.v1.ObjectMeta deleteOptions:2:?meta.v1.DeleteOptions
policy.v1.PodDisruptionBudget metadata:1:meta.v1.ObjectMeta
 spec:2:policy.v1.PodDisruptionBudgetSpec status:3:policy.v1.PodDisruptionBudgetStatus
policy.v1.PodDisruptionBudgetSpec minAvailable:1:?o selector:2:?meta.v1.LabelSelector
 maxUnavailable:3:?o unhealthyPodEvictionPolicy:4:?s
policy.v1.PodDisruptionBudgetStatus observedGeneration:1:l disruptedPods:2:%t
 disruptionsAllowed:3:i currentHealthy:4:i desiredHealthy:5:i expectedPods:6:i
 conditions:7:*meta.v1.Condition
rbac.v1.AggregationRule clusterRoleSelectors:1:*meta.v1.LabelSelector
rbac.v1.ClusterRole metadata:1:meta.v1.ObjectMeta rules:2:*rbac.v1.PolicyRule
 aggregationRule:3:?rbac.v1.AggregationRule
rbac.v1.ClusterRoleBinding metadata:1:meta.v1.ObjectMeta subjects:2:*rbac.v1.Subject
 roleRef:3:rbac.v1.RoleRef
rbac.v1.PolicyRule verbs:1:*s apiGroups:2:*s resources:3:*s resourceNames:4:*s
 nonResourceURLs:5:*s
rbac.v1.Role metadata:1:meta.v1.ObjectMeta rules:2:*rbac.v1.PolicyRule
rbac.v1.RoleBinding metadata:1:meta.v1.ObjectMeta subjects:2:*rbac.v1.Subject
 roleRef:3:rbac.v1.RoleRef
rbac.v1.RoleRef apiGroup:1:s kind:2:s name:3:s
rbac.v1.Subject kind:1:s apiGroup:2:s name:3:s namespace:4:s
scheduling.v1.PriorityClass metadata:1:meta.v1.ObjectMeta value:2:i globalDefault:3:b
 description:4:s preemptionPolicy:5:?s
storage.v1.StorageClass metadata:1:meta.v1.ObjectMeta provisioner:2:s parameters:3:%s
 reclaimPolicy:4:?s mountOptions:5:*s allowVolumeExpansion:6:?b volumeBindingMode:7:?s
 allowedTopologies:8:*core.v1.TopologySelectorTerm
)";
// clang-format on

}  // namespace gateproof::kubernetes::cluster
