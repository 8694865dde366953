# bash completion for mailwire(1)
_mailwire() {
	local current=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} options=""
	if [ "$COMP_CWORD" -eq 1 ]; then
		mapfile -t COMPREPLY < <(compgen -W "run check show topology state mailbox step html serve shell live explain compare claims narrate quiz glossary list new help --help --version" -- "$current")
		return
	fi
	case $command in
	run) options="--pcap --log --format --capture --filter --no-comments --no-secrets --keylog --layer --host --message --unfold --columns --dialog --eavesdrop --report --receive --set --seed --until --quiet --replay" ;;
	live) options="--attach --speed --record --pcap --log --format --capture --filter --no-comments --no-secrets --keylog --layer --host --message --unfold --columns --dialog --eavesdrop --report --receive --set --seed --until --quiet" ;;
	shell) options="--network --record --pcap --log --format --capture --filter --no-comments --no-secrets --keylog --layer --host --message --unfold --columns --dialog --eavesdrop --report --receive --set --seed --until --quiet" ;;
	show) options="--receive --set --ca --issue" ;;
	compare) options="--receive --variant --set --format --seed" ;;
	claims) options="--list --alter --format --file" ;;
	serve) options="--port --listen --name --live --speed --attach --seconds --memory --records" ;;
	html) options="-o --output --seed --until --receive --set" ;;
	narrate) options="--output --format --level --question --receive --set --seed" ;;
	quiz) options="--count --format --seed --receive --set" ;;
	topology) options="--dot --svg" ;;
	state) options="--at --host" ;;
	mailbox) options="--user --at --raw" ;;
	step) options="--plain --receive --set --seed" ;;
	help) options="run check show topology state mailbox step html serve shell live explain compare claims narrate quiz glossary list new" ;;
	explain) options="--filter --packet --format --columns --keylog" ;;
	esac
	case ${COMP_WORDS[COMP_CWORD - 1]} in
	--format)
		case $command in
		compare) options="text json csv" ;;
		narrate) options="md html pdf json" ;;
		quiz) options="text gift json" ;;
		*) options="text json" ;;
		esac
		mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
		return
		;;
	--level) mapfile -t COMPREPLY < <(compgen -W "short course expert" -- "$current"); return ;;
	-o | --output) mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
	--receive) mapfile -t COMPREPLY < <(compgen -W "pop3 imap" -- "$current"); return ;;
	--capture) mapfile -t COMPREPLY < <(compgen -W "sent all" -- "$current"); return ;;
	--layer) mapfile -t COMPREPLY < <(compgen -W "user link ethernet arp ipv4 icmp udp tcp filter nat tamper dns smtp pop3 imap http tls mail" -- "$current"); return ;;
	esac
	if [ "$command" = help ]; then
		mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
	elif [[ $current == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$options --help" -- "$current")
	elif [ "$command" = explain ]; then
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
	elif [ "$command" = claims ]; then
		mapfile -t COMPREPLY < <(compgen -W "$(mailwire claims --list 2>/dev/null | grep -o '^T[0-9]*-[0-9]*')" -- "$current")
	elif [ "$command" = glossary ]; then
		mapfile -t COMPREPLY < <(compgen -W "$(mailwire glossary 2>/dev/null | sed -n 's/^\([^ ]*\).*/\1/p')" -- "$current")
	else
		local names
		names=$(mailwire list 2>/dev/null | cut -d' ' -f1)
		mapfile -t COMPREPLY < <(compgen -W "$names" -- "$current"; compgen -f -- "$current")
	fi
}
complete -o filenames -F _mailwire mailwire
