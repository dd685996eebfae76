/** What the origin that is allowed answers. */
export const ANSWER = 'reached by the doctor';

/** Bash: says of each attempt how it ended, `look <name>: <outcome>`. `$1` is the port of an origin on the host's loopback. */
export const LOOK_OUT = `
say() { printf 'look %s: %s\\n' "$1" "$2"; }
ask() {
  local proxy=\${HTTP_PROXY#http://}
  timeout 20 bash -c 'exec 3<>"/dev/tcp/\${1%:*}/\${1#*:}" &&
    printf "GET http://$2/ HTTP/1.1\\r\\nHost: $2\\r\\nConnection: close\\r\\n\\r\\n" >&3 && cat <&3' bash "$proxy" "$1" 2>/dev/null | tr -d '\\r'
}
try() { if timeout 5 bash -c "$1" 2>/dev/null; then echo reached; else echo refused; fi; }
denied=$(ask denied.invalid)
case $denied in
  HTTP/1.?' 403 '*'Proxy-Status: bot-bottle; error=http_request_denied'*) say denied 403 ;;
  *) say denied "\${denied%%$'\\n'*}" ;;
esac
allowed=$(ask "host.bot-bottle.internal:$1")
case $allowed in
  HTTP/1.?' 200 '*'${ANSWER}'*) say allowed 200 ;;
  *) say allowed "\${allowed%%$'\\n'*}" ;;
esac
say tcp "$(try ': </dev/tcp/1.1.1.1/443')"
say loopback "$(try ": </dev/tcp/127.0.0.1/$1")"
say udp "$(try 'echo x >/dev/udp/1.1.1.1/53')"
say dns "$(try 'getent ahosts example.com')"
`;

/** What a bottle promises of each attempt, and what it means where it does not keep that. */
export const PROMISES: readonly {
  readonly name: string;
  readonly kept: (outcome: string | undefined) => boolean;
  readonly breach: string;
}[] = [
  { name: 'denied', kept: is('403'), breach: 'a host that nobody allowed was not denied' },
  { name: 'allowed', kept: is('200'), breach: 'a host that is allowed was not reached' },
  { name: 'tcp', kept: is('refused'), breach: 'a public address was reached past the proxy' },
  { name: 'loopback', kept: is('refused'), breach: "this machine's loopback was reached past the proxy" },
  { name: 'udp', kept: is('refused'), breach: 'a datagram went out' },
  { name: 'dns', kept: is('refused'), breach: 'a name was resolved' },
];

function is(expected: string): (outcome: string | undefined) => boolean {
  return outcome => outcome === expected;
}
