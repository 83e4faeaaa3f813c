# Sourced after setup.sh by the scripts that can do a part of their work.

# choose_parts PART... -- ARGUMENT...: each argument is --PART; without arguments every part is chosen.
choose_parts() {
  local argument known=""
  chosen_parts=""
  while [ "$1" != -- ]; do
    known="$known --$1"
    shift
  done
  shift
  for argument in "$@"; do
    case "$known " in
      *" $argument "*) chosen_parts="$chosen_parts $argument" ;;
      *) fail "unknown argument: $argument" "usage: scripts/$(basename -- "$0")$(printf ' [%s]' $known)" ;;
    esac
  done
  chosen_parts=${chosen_parts:-$known}
}

# Is the part $1 among the chosen ones?
chosen() {
  case "$chosen_parts " in
    *" --$1 "*) return 0 ;;
    *) return 1 ;;
  esac
}
