{{/* The settings of the daemons, as JSON. $(MONGO_URI) becomes the URI when a container starts. */}}

{{- define "makai.store" -}}
{"mongo_uri": "$(MONGO_URI)", "white_list": {{ ternary "both" "store" (ne .Values.keys.boxes.existingSecret "") | quote }}
{{- if .Values.keys.boxes.existingSecret }}, "client_certs": "/etc/opq/curve/public_keys"{{ end }}}
{{- end -}}

{{/* How a daemon reaches NATS: (list $ "broker"). */}}
{{- define "makai.nats" -}}
{{- $ := first . -}}
{{- $nats := $.Values.nats -}}
{{- $servers := list -}}
{{- if $nats.enabled -}}
{{- range until (int $nats.replicas) -}}
{{- $servers = append $servers (printf "%s://%s:4222" (ternary "tls" "nats" (ne $nats.tls.existingSecret "")) (include "makai.podHost" (list $ "nats" .))) -}}
{{- end -}}
{{- else -}}
{{- $servers = $nats.servers -}}
{{- end -}}
{{- $settings := dict "servers" $servers "user" (index $nats.auth (printf "%sUser" (last .))) "password_file" "/etc/opq/nats/password" -}}
{{- if $nats.tls.existingSecret -}}{{- $_ := set $settings "tls" (dict "ca" "/etc/opq/nats-tls/ca.crt") -}}{{- end -}}
{{ toJson $settings }}
{{- end -}}

{{/* Where followers find the brokers and the analysis service. They hear each triggering broker, and ask one acquisition broker. */}}
{{- define "makai.peers" -}}
{{- $name := include "makai.name" . -}}
{{- $triggering := list (printf "tcp://%s-triggering-broker:9881" $name) -}}
{{- if gt (int .Values.triggeringBroker.replicas) 1 -}}
{{- $triggering = list -}}
{{- range until (int .Values.triggeringBroker.replicas) -}}
{{- $triggering = append $triggering (printf "tcp://%s:9881" (include "makai.podHost" (list $ "triggering-broker" .))) -}}
{{- end -}}
{{- end }}
{"zmq_trigger_endpoint": {{ first $triggering | quote }}, "further_trigger_endpoints": {{ rest $triggering | toJson }}, "zmq_acquisition_endpoint": "tcp://{{ $name }}-acquisition-broker:9884",
"zmq_data_endpoint": "tcp://{{ $name }}-acquisition-broker:9899", "incident_endpoint": "tcp://{{ $name }}-analysis-service:9895"}
{{- end -}}

{{/* Where the daemons report their status. */}}
{{- define "makai.daemons" -}}
{{- $name := include "makai.name" . -}}
{"triggering-broker": "{{ $name }}-triggering-broker:9890", "acquisition-broker": "{{ $name }}-acquisition-broker:9891",
"triggering-service": "{{ $name }}-triggering-service:9892", "analysis-service": "{{ $name }}-analysis-service:9893",
"web-service": "{{ $name }}-web-service:9894", "gateway": {{ ternary (printf "%s-gateway:9896" $name) "off" .Values.gateway.enabled | quote }}}
{{- end -}}

{{- define "makai.settings.triggering-broker" -}}
{{- $nats := include "makai.nats" (list . "broker") | fromJson -}}
{{- $stream := .Values.nats.stream -}}
{{- $_ := set $nats "replicas" $stream.replicas -}}
{{- $_ := set $nats "max_bytes" $stream.maxBytes -}}
{{- $_ := set $nats "max_age_seconds" $stream.maxAgeSeconds -}}
{{- $_ := set $nats "spool" (dict "max_bytes" .Values.triggeringBroker.spoolMaxBytes) -}}
{{- $own := dict "server_cert" "/etc/opq/curve/private_keys/opqserver_secret" "interface" "tcp://*:9880" "backend" "tcp://*:9881" "status" "*:9890" "nats" $nats -}}
{{- mergeOverwrite (include "makai.store" . | fromJson) $own (deepCopy .Values.triggeringBroker.settings) | toJson -}}
{{- end -}}

{{- define "makai.settings.acquisition-broker" -}}
{{- $own := dict "server_cert" "/etc/opq/curve/private_keys/opqserver_secret" "box_pub" "tcp://*:8194" "box_pull" "tcp://*:8196" "backend_pull" "tcp://*:9884" "backend_pub" "tcp://*:9899" "zmq_event_endpoint" "tcp://*:10000" "zmq_event_id_endpoint" "tcp://*:10001" "status" "*:9891" -}}
{{- $_ := set $own "spool" (dict "max_bytes" .Values.acquisitionBroker.spoolMaxBytes) -}}
{{- if gt (int .Values.acquisitionBroker.replicas) 1 -}}
{{- $nats := include "makai.nats" (list . "broker") | fromJson -}}
{{- $_ := set $nats "replicas" .Values.nats.stream.replicas -}}
{{- $_ := set $own "nats" $nats -}}
{{- end -}}
{{- mergeOverwrite (include "makai.store" . | fromJson) $own (deepCopy .Values.acquisitionBroker.settings) | toJson -}}
{{- end -}}

{{- define "makai.settings.triggering-service" -}}
{{- $peers := pick (include "makai.peers" . | fromJson) "zmq_acquisition_endpoint" -}}
{{- $own := dict "status" "*:9892" "nats" (include "makai.nats" (list . "service") | fromJson) "plugins" .Values.triggeringService.plugins -}}
{{- $_ := set $own "spool" (dict "max_bytes" .Values.triggeringService.spoolMaxBytes) -}}
{{- mergeOverwrite (include "makai.store" . | fromJson) $peers $own (deepCopy .Values.triggeringService.settings) | toJson -}}
{{- end -}}

{{- define "makai.settings.analysis-service" -}}
{{- $peers := pick (include "makai.peers" . | fromJson) "zmq_trigger_endpoint" "further_trigger_endpoints" "zmq_data_endpoint" -}}
{{- $own := dict "status" "*:9893" "incident_pub" "tcp://*:9895" "mongo_uri" "$(MONGO_URI)" "nats" (include "makai.nats" (list . "service") | fromJson) -}}
{{- mergeOverwrite $peers $own (deepCopy .Values.analysisService.settings) | toJson -}}
{{- end -}}

{{- define "makai.settings.web-service" -}}
{{- $own := dict "status" "*:9894" "mongo_uri" "$(MONGO_URI)" "nats" (include "makai.nats" (list . "service") | fromJson) "listen" "*:8088" "daemons" (omit (include "makai.daemons" . | fromJson) "web-service") -}}
{{- if .Values.webService.tls.existingSecret -}}
{{- $_ := set $own "tls" (dict "cert" "/etc/opq/tls/tls.crt" "key" "/etc/opq/tls/tls.key") -}}
{{- else -}}
{{- $_ := set $own "behind_proxy" true -}}
{{- end -}}
{{- mergeOverwrite (include "makai.peers" . | fromJson) $own (deepCopy .Values.webService.settings) | toJson -}}
{{- end -}}

{{- define "makai.settings.gateway" -}}
{{- $mqtt := dict -}}
{{- with .Values.gateway.mqtt -}}
{{- if .url -}}
{{- $_ := set $mqtt "url" .url -}}
{{- if .existingSecret -}}
{{- $_ := set $mqtt "user" "$(MQTT_USER)" -}}
{{- $_ := set $mqtt "password_file" "/etc/opq/mqtt/password" -}}
{{- end -}}
{{- else if .tls.existingSecret -}}
{{- $mqtt = dict "listen" "*:8883" "tls" (dict "cert" "/etc/opq/tls/tls.crt" "key" "/etc/opq/tls/tls.key") -}}
{{- else -}}
{{- $_ := set $mqtt "listen" "127.0.0.1:1883" -}}
{{- end -}}
{{- end -}}
{{- $own := dict "status" "*:9896" "mongo_uri" "$(MONGO_URI)" "mqtt" $mqtt "daemons" (omit (include "makai.daemons" . | fromJson) "gateway") -}}
{{- if gt (int .Values.gateway.replicas) 1 -}}{{- $_ := set $own "nats" (include "makai.nats" (list . "service") | fromJson) -}}{{- end -}}
{{- mergeOverwrite (include "makai.peers" . | fromJson) $own (deepCopy .Values.gateway.settings) | toJson -}}
{{- end -}}
