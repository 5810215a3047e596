{{/*
A service for boxes: (dict "root" $ "component" "triggering-broker" "one" (dict "values" .Values.triggeringBroker "boxes" PORTS) "index" 0).
"index": of the only pod that it leads to; without it it leads to all.
*/}}
{{- define "makai.boxService" -}}
{{- $ := .root -}}
{{- $boxes := .one.values.boxes -}}
{{- $name := printf "%s-%s-boxes" (include "makai.name" $) .component -}}
{{- $annotations := deepCopy $boxes.annotations -}}
{{- $nodePorts := $boxes.nodePorts -}}
{{- $firstPort := 0 -}}
{{- if hasKey . "index" -}}
{{- $name = printf "%s-%d" $name .index -}}
{{- $firstPort = mul .index (len .one.boxes) | int -}}
{{- else -}}
{{- $annotations = mergeOverwrite $annotations $boxes.shared.annotations -}}
{{- $nodePorts = $boxes.shared.nodePorts -}}
{{- end -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ $name }}
  labels: {{ include "makai.labels" (list $ .component) | nindent 4 }}
  {{- with $annotations }}
  annotations: {{ toYaml . | nindent 4 }}
  {{- end }}
spec:
  type: {{ $boxes.type }}
  {{- if ne $boxes.type "ClusterIP" }}
  externalTrafficPolicy: {{ $boxes.externalTrafficPolicy }}
  {{- end }}
  {{- if eq $boxes.type "LoadBalancer" }}
  {{- with $boxes.loadBalancerClass }}
  loadBalancerClass: {{ . }}
  {{- end }}
  {{- with $boxes.sourceRanges }}
  loadBalancerSourceRanges: {{ toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
  sessionAffinity: ClientIP
  sessionAffinityConfig:
    clientIP: { timeoutSeconds: {{ $boxes.affinitySeconds }} }
  selector:
    {{- include "makai.selector" (list $ .component) | nindent 4 }}
    {{- if hasKey . "index" }}
    statefulset.kubernetes.io/pod-name: {{ include "makai.name" $ }}-{{ .component }}-{{ .index }}
    {{- end }}
  ports:
    {{- range $i, $port := .one.boxes }}
    - name: {{ $port.name }}
      port: {{ $port.port }}
      targetPort: {{ $port.name }}
      {{- if gt (len $nodePorts) (add $firstPort $i | int) }}
      nodePort: {{ index $nodePorts (add $firstPort $i | int) }}
      {{- end }}
    {{- end }}
{{- end -}}

{{/* What NOTES.txt says of them: (list $ "triggering-broker" .Values.triggeringBroker "port 9880"). */}}
{{- define "makai.boxAddresses" -}}
{{- $name := printf "%s-%s-boxes" (include "makai.name" (first .)) (index . 1) -}}
{{- $v := index . 2 -}}
{{- $several := gt (int $v.replicas) 1 -}}
{{- $shared := and $v.boxes.shared.enabled (or $several (not $v.boxes.perPod)) -}}
{{- $perPod := $v.boxes.perPod | ternary (printf "%s-0%s" $name ($several | ternary (printf " to -%d" (sub (int $v.replicas) 1)) "")) "" -}}
- {{ last . }} of {{ if $shared }}{{ $name }}{{ if $perPod }}, or, for boxes that are to stay at one pod, of {{ $perPod }}{{ end }}{{ else }}{{ $perPod }}{{ if $several }}: give each box one of them{{ end }}{{ end }}
{{- end -}}
