// Makes the Envoy RBAC filters that Istio's own packages make of AuthorizationPolicies, and asks Istio whether each policy is valid.
// Reads one JSON object a line from standard input, writes one a line: {"filters": […], "verdicts": [{"name", "error"?, "warning"?}]}.
// A policy with an error takes no part in the filters, as the API server would have refused it, unless the line says otherwise.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"istio.io/api/label"
	meshconfig "istio.io/api/mesh/v1alpha1"
	security "istio.io/api/security/v1beta1"
	"istio.io/istio/pilot/pkg/config/kube/crd"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/pkg/security/authz/builder"
	"istio.io/istio/pilot/pkg/security/trustdomain"
	"istio.io/istio/pilot/pkg/serviceregistry/provider"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/schema/collections"
	"istio.io/istio/pkg/config/validation"
	"istio.io/istio/pkg/log"
)

type question struct {
	Policies []json.RawMessage `json:"policies"`
	Mesh     struct {
		TrustDomain        string   `json:"trustDomain"`
		TrustDomainAliases []string `json:"trustDomainAliases"`
		RootNamespace      string   `json:"rootNamespace"`
	} `json:"mesh"`
	Workload struct {
		Namespace string            `json:"namespace"`
		Labels    map[string]string `json:"labels"`
		// Instead of labels; the namespace is then that of the service.
		Waypoint *waypoint `json:"waypoint"`
	} `json:"workload"`
	Transport string `json:"transport"`
	// As if the policies had been stored without validation: those with an error take part too.
	Unvalidated bool `json:"unvalidated"`
}

type waypoint struct {
	Name         string `json:"name"`
	Namespace    string `json:"namespace"`
	Service      string `json:"service"`
	ServiceEntry string `json:"serviceEntry"`
}

type verdict struct {
	Name    string `json:"name"`
	Error   string `json:"error,omitempty"`
	Warning string `json:"warning,omitempty"`
}

type answer struct {
	Filters  []json.RawMessage `json:"filters"`
	Verdicts []verdict         `json:"verdicts"`
}

func main() {
	quiet := log.DefaultOptions()
	quiet.OutputPaths = []string{"stderr"}
	quiet.SetDefaultOutputLevel(log.OverrideScopeName, log.NoneLevel)
	if err := log.Configure(quiet); err != nil {
		fail(err)
	}
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	out := bufio.NewWriter(os.Stdout)
	for in.Scan() {
		var asked question
		if err := json.Unmarshal(in.Bytes(), &asked); err != nil {
			fail(err)
		}
		answered, err := json.Marshal(answerTo(asked))
		if err != nil {
			fail(err)
		}
		fmt.Fprintln(out, string(answered))
		// Whoever asks line by line waits for the answer.
		if err := out.Flush(); err != nil {
			fail(err)
		}
	}
	if err := in.Err(); err != nil {
		fail(err)
	}
}

func answerTo(asked question) answer {
	given := answer{Filters: []json.RawMessage{}, Verdicts: []verdict{}}
	policies := &model.AuthorizationPolicies{
		NamespaceToPolicies: map[string][]model.AuthorizationPolicy{},
		RootNamespace:       asked.Mesh.RootNamespace,
	}
	for _, document := range asked.Policies {
		policy, said := read(document)
		given.Verdicts = append(given.Verdicts, said)
		if policy.Spec == nil || (said.Error != "" && !asked.Unvalidated) {
			continue
		}
		policies.NamespaceToPolicies[policy.Namespace] = append(policies.NamespaceToPolicies[policy.Namespace], model.AuthorizationPolicy{
			Name:        policy.Name,
			Namespace:   policy.Namespace,
			Annotations: policy.Annotations,
			Spec:        policy.Spec.(*security.AuthorizationPolicy),
		})
	}
	selected := policies.ListAuthorizationPolicies(matcherOf(asked))
	bundle := trustdomain.NewBundle(asked.Mesh.TrustDomain, asked.Mesh.TrustDomainAliases)
	push := &model.PushContext{Mesh: &meshconfig.MeshConfig{RootNamespace: asked.Mesh.RootNamespace}}
	// The order of a sidecar: CUSTOM before authentication, the others after it.
	for _, custom := range []bool{true, false} {
		made := builder.New(bundle, push, selected, builder.Option{IsCustomBuilder: custom})
		if made == nil {
			continue
		}
		if asked.Transport == "tcp" {
			given.Filters = append(given.Filters, jsonOf[*listener.Filter](made.BuildTCP())...)
		} else {
			given.Filters = append(given.Filters, jsonOf[*hcm.HttpFilter](made.BuildHTTP())...)
		}
	}
	return given
}

func matcherOf(asked question) model.WorkloadPolicyMatcher {
	namespace, point := asked.Workload.Namespace, asked.Workload.Waypoint
	if point == nil {
		return model.PolicyMatcherFor(namespace, asked.Workload.Labels, false).WithRootNamespace(asked.Mesh.RootNamespace)
	}
	home := point.Namespace
	if home == "" {
		home = namespace
	}
	gateway := map[string]string{label.IoK8sNetworkingGatewayGatewayName.Name: point.Name}
	matcher := model.PolicyMatcherFor(home, gateway, true).WithRootNamespace(asked.Mesh.RootNamespace)
	switch {
	case point.Service != "":
		matcher.Services = []model.ServiceInfoForPolicyMatcher{{Name: point.Service, Namespace: namespace, Registry: provider.Kubernetes}}
	case point.ServiceEntry != "":
		matcher.Services = []model.ServiceInfoForPolicyMatcher{{Name: point.ServiceEntry, Namespace: namespace, Registry: provider.External}}
	}
	return matcher
}

func read(document json.RawMessage) (config.Config, verdict) {
	var object crd.IstioKind
	if err := json.Unmarshal(document, &object); err != nil {
		return config.Config{}, verdict{Error: err.Error()}
	}
	said := verdict{Name: object.Namespace + "/" + object.Name}
	converted, err := crd.ConvertObject(collections.AuthorizationPolicy, &object, "")
	if err != nil {
		said.Error = err.Error()
		return config.Config{}, said
	}
	warning, err := validation.ValidateAuthorizationPolicy(*converted)
	if err != nil {
		said.Error = err.Error()
	}
	if warning != nil {
		said.Warning = warning.Error()
	}
	return *converted, said
}

func jsonOf[M proto.Message](messages []M) []json.RawMessage {
	var texts []json.RawMessage
	for _, message := range messages {
		text, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(message)
		if err != nil {
			fail(err)
		}
		texts = append(texts, text)
	}
	return texts
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "istio-filters:", err)
	os.Exit(1)
}
