import { MAKE_DEVICES } from './devices.js';

/**
 * The shell text outside of the sandbox: constant, every datum comes as an argument. A pseudo-terminal library passes
 * no file descriptors, so a shell opens the ones that bubblewrap reads, then becomes bubblewrap (same process id).
 *
 * Arguments: record, status, options, filter, bwrap, devices, gate; number of groups, groups; the rest is for bubblewrap.
 * - Descriptors that a careless parent left open would be doors into the host: all above 2 are closed. A shell that
 *   cannot close one above 9 (dash) gives up.
 * - The record is written by the process that it names, before it becomes bubblewrap, so that there is no moment at
 *   which a bottle runs and nobody knows. If the keeper died before, the hang-up of its terminal ends this shell.
 * - The filter is opened for writing too, which nobody else does: what of a launch has it open can be told from a backup that
 *   reads it (`killHolders`). bubblewrap's child has it open until it needs its parent no more.
 * - The options hold the agent's environment, which no command line may show to the other users of the host: they are read
 *   from a file without a name, through the descriptor of the process that wrote it. Nothing of this shell's own environment goes on either: the bottle can read bubblewrap's.
 */
export const LAUNCH_SCRIPT = `
set -eu
for link in /proc/self/fd/*; do
  fd=\${link##*/}
  case $fd in
    [012]) ;;
    [3-9]) eval "exec $fd>&-" ;;
    *) if [ -n "\${BASH_VERSION-}" ]; then eval "exec $fd>&-"
       elif [ -e "$link" ]; then echo "descriptor $fd is open and this shell cannot close it" >&2; exit 125; fi ;;
  esac
done
record=$1 status=$2 options=$3 filter=$4 bwrap=$5 devices=$6 gate=$7 groups=$8
shift 8
while [ "$groups" -gt 0 ]; do
  echo $$ >"$1/cgroup.procs"
  groups=$((groups - 1))
  shift
done
read -r boot </proc/sys/kernel/random/boot_id
read -r stat </proc/self/stat
printf '%s\\n%s\\n' "$boot" "$stat" >"$record.new"
mv -f "$record.new" "$record"
${MAKE_DEVICES}
# The gate's other side may be dead: with a writer of its own, this shell does not wait to open it.
[ "$gate" = - ] || exec 5<>"$gate" 6<"$gate" 5>&-
exec 7>"$status" 8<"$options" 9<>"$filter"
exec env -i "$bwrap" --args 8 "$@"
`;

/** Numbers of the descriptors that the script opens, for the options that name them. */
export const GATE_FD = 6;
export const STATUS_FD = 7;
export const FILTER_FD = 9;

/**
 * The shell text inside, before the agent. bubblewrap's --die-with-parent has a gap: the namespace's first process asks to
 * be killed with its parent only after the mounts are made, and if the keeper (and with it the parent) died before, it never
 * is. It asks right before it loads the filter. So: wait until /proc/1 shows the filter, then look whether the terminal was
 * hung up, which the kernel does before it tells anybody of the keeper's death. If not, the keeper's death is ours from now on.
 *
 * Where the bottle has a way out, its address was written at the gate once that was proven: without it nothing starts.
 *
 * Then it compares the folders of the operator's with those that were judged: who may write above one (another bottle, say) could
 * have swapped it for a link before bubblewrap mounted it.
 *
 * Arguments: what stands on the other side (`terminal` or `pipe`); the way out's address or `-`, and its file; the program stat; number of folders, each with its path and
 * `device:inode`; the rest is the agent's command.
 */
export const START_GUARD = `
armed() { while read -r name value; do [ "$name$value" = Seccomp:2 ] && return 0; done </proc/1/status; return 1; }
rounds=0
until armed; do
  rounds=$((rounds + 1))
  [ "$rounds" -lt 100000 ] || exit 125
done
[ "$1" = pipe ] || [ -t 0 ] || exit 125
[ "$2" = - ] || { read -r address <"$3" && [ "$address" = "$2" ]; } || exit 125
stat=$4 folders=$5
shift 5
while [ "$folders" -gt 0 ]; do
  [ "$("$stat" -c %d:%i "$1")" = "$2" ] || { echo "$1 is not the folder that was checked" >&2; exit 125; }
  folders=$((folders - 1))
  shift 2
done
exec "$@"
`;
