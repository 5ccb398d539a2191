#!/bin/sh
# Makes go.mod and go.sum anew for another Kubernetes, with every module pinned by hash: ./renew.sh 1.36.3
# Then set KUBERNETES_VERSION and ETCD_VERSION in src/dev/kubernetes/pins.ts to what go.mod names; the tests say when they differ.
set -eu
cd "$(dirname "$0")"
version=$1
# The modules of which Kubernetes' own repository holds the sources, and which are published beside it.
staging="v0.${version#1.}"
sources=$(go mod download -json "k8s.io/kubernetes@v$version" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
{
  echo "// Made by renew.sh of the go.mod of Kubernetes $version."
  echo 'module nats-identity-bridge.dev/kubernetes'
  sed -e '1,/^module /d' -e '/^replace (/,/^)/d' -e "s/ v0\.0\.0\$/ $staging/" "$sources/go.mod"
  echo "require k8s.io/kubernetes v$version"
  echo
  echo 'replace ('
  sed -n "/^replace (/,/^)/s/^\(\t[^ ]*\) => .*/\1 =>\1 $staging/p" "$sources/go.mod" | sed 's/=>\t/=> /'
  echo ')'
} >go.mod
cp "$sources/go.sum" go.sum
chmod 644 go.sum
for system in linux darwin; do
  GOOS=$system GOWORK=off CGO_ENABLED=0 GOFLAGS=-mod=mod go list -deps \
    k8s.io/kubernetes/cmd/kube-apiserver k8s.io/kubernetes/cmd/kubectl go.etcd.io/etcd/server/v3 >/dev/null
done
go mod edit -fmt
