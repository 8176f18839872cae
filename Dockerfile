# Gatehouse in a container: one static program and nothing else, run by an account without rights.
#
#   docker build -t gatehouse .
#   mkdir gatehouse && sudo chown 65532:65532 gatehouse
#   docker run --rm -it -v ./gatehouse:/gatehouse gatehouse init https://matrix.example.org
#   docker run -p 127.0.0.1:8765:8765 -v ./gatehouse:/gatehouse --read-only --cap-drop ALL gatehouse
#
# /gatehouse holds gatehouse.yaml, the secret key and data/, the folder of the store. It has to belong to the
# user 65532, and is all that is written to. localhost is the container itself: name a homeserver on the same machine by
# an address that the container reaches. Other ways to give a field, the environment among them: docs/configuration.md.
#
# The image that it is built with is named by version and not by digest: building again brings Go's security fixes and
# today's certificates, and nothing else of it gets into the result. The modules are fixed by go.sum. To build with
# one image for good: --build-arg GO=1.26-bookworm@sha256:…

ARG GO=1.26-bookworm
FROM golang:${GO} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN go run ./tools/build -o /image/bin/gatehouse
RUN mkdir -p /image/etc/ssl/certs /image/gatehouse/data /image/tmp \
 && cp /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ \
 && chown -R 65532:65532 /image/gatehouse \
 && chmod 1777 /image/tmp

FROM scratch
COPY --from=build /image /
USER 65532:65532
WORKDIR /gatehouse
# Inside a container nobody reaches the loopback address. public_url says what people type.
ENV GATEHOUSE_LISTEN=:8765
EXPOSE 8765
VOLUME /gatehouse
ENTRYPOINT ["/bin/gatehouse"]
CMD ["serve"]
