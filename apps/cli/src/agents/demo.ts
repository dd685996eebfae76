/**
 * The demo agent: a POSIX shell script that tries what an agent may and may not do, and says plainly what it found.
 * It ends with 0 only if every attempt ended as a bottle promises. `$1` is `--resume` when the bottle is resumed.
 */
export const DEMO_SCRIPT = `
bad=0
say() { printf '%s\\n' "$*"; }
good() { say "  ok      $*"; }
wrong() { say "  WRONG   $*"; bad=1; }
notes=$HOME/.demo/transcript.txt
mkdir -p "$HOME/.demo" || exit 1

say "demo: I am bottle $(hostname 2>/dev/null || cat /proc/sys/kernel/hostname)"

if [ "$1" = --resume ]; then
  say "What came back:"
  if [ -s "$notes" ]; then good "my transcript, $(grep -c . "$notes") lines; the last one: $(tail -n 1 "$notes")"
  else wrong "my transcript is gone"; fi
  if [ -s demo.txt ]; then good "my workspace; demo.txt says: $(head -n 1 demo.txt)"
  else wrong "my workspace is gone: no demo.txt"; fi
fi

say "What I may do:"
if date -u '+written %Y-%m-%dT%H:%M:%SZ' >> demo.txt 2>/dev/null
then good "write my workspace: $PWD/demo.txt"
else wrong "could not write my workspace $PWD"; fi
if [ "$(id -u)" != 0 ]; then good "run as an ordinary user, id $(id -u)"
else wrong "I run as root"; fi

say "What I may not do:"
found=
for entry in /root/* /root/.[!.]* /home/*/.ssh /home/*/.bashrc /home/*/.bot-bottle; do
  case $entry in "$HOME"|"$HOME"/*) continue ;; esac
  case $PWD/ in "$entry"/*) continue ;; esac
  if [ -r "$entry" ]; then found="$found $entry"; fi
done
if [ -z "$found" ]; then good "read the operator's home: nothing there to read"
else wrong "can read$found"; fi
secrets=$(env | sed -n 's/^\\([A-Za-z_]*\\(KEY\\|TOKEN\\|SECRET\\|PASSWORD\\|SSH_AUTH_SOCK\\)[A-Za-z_]*\\)=.*/\\1/p' | tr '\\n' ' ')
if [ -z "$secrets" ]; then good "see secrets of the operator's environment: none there"
else wrong "can see $secrets"; fi
proxy=\${HTTP_PROXY#http://}
if [ -n "$proxy" ]; then
  answer=$(timeout 20 bash -c 'exec 3<>"/dev/tcp/\${1%:*}/\${1#*:}" &&
    printf "GET http://example.com/ HTTP/1.1\\r\\nHost: example.com\\r\\nConnection: close\\r\\n\\r\\n" >&3 && cat <&3' bash "$proxy" 2>/dev/null | tr -d '\\r\\0')
  status=$(say "$answer" | sed -n '1s/^HTTP[^ ]* \\([0-9]*\\).*/\\1/p')
  allow=$(say "$answer" | sed -n 's/.*\\(bot-bottle allow .*\\)/\\1/p')
  case $status in
    403) good "reach example.com: the proxy answers 403; on the host, '$allow' would allow it" ;;
    '') wrong "my proxy does not answer" ;;
    *) good "reach what nobody allowed; example.com is allowed, and answers $status" ;;
  esac
fi
interfaces=$(sed -n 's/^ *\\([^ :]*\\):.*/\\1/p' /proc/net/dev 2>/dev/null | grep -vx lo | tr '\\n' ' ')
if timeout 3 bash -c ': < /dev/tcp/1.1.1.1/443' 2>/dev/null; then wrong "reached 1.1.1.1 on the Internet"
elif [ -z "$interfaces" ]; then good "reach anything past the proxy: the network is unreachable, and there is no interface but loopback"
else wrong "there is a network: $interfaces"; fi
if ( : > /usr/.bot-bottle-demo ) 2>/dev/null; then wrong "can write /usr"; rm -f /usr/.bot-bottle-demo
else good "write outside my workspace and my home: /usr is read-only"; fi

printf 'session %s in %s ended with %s\\n' "$(($(grep -c . "$notes" 2>/dev/null) + 1))" "$PWD" "$bad" >> "$notes"
if [ "$bad" = 0 ]; then say "demo: all is as it should be."; else say "demo: something is WRONG, see above."; fi
exit "$bad"
`.trim();
