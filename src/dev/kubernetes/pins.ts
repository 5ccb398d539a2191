/** Which Kubernetes, etcd and Istio CRDs development and tests run on, and what is accepted besides. */

export const KUBERNETES_VERSION = '1.36.3'
/** The one that kube-apiserver of that version was released with. */
export const ETCD_VERSION = '3.6.8'
/** Selectable fields of CRDs and their CEL rules work as in the pinned version from here on. */
export const OLDEST_KUBERNETES = '1.32.0'

export const ISTIO_API_VERSION = '1.31.1'
/** SHA-256 of `kubernetes/customresourcedefinitions.gen.yaml` in that version of istio.io/api. */
export const ISTIO_CRDS_SHA256 = 'c0ad59e008658765412badb836e73a523a355e3d792a32ad3c0711a728be5aff'
