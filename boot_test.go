//go:build unix

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// bootScript starts a computer in namespaces: systemd, logind and lightdm of this
// one, over a copy of its files that ends with it. It has a user, anna, and a
// screen of 800x600, an Xvfb that takes what a display manager gives to an X
// server. $1 is rac.
const bootScript = `set -e
mount --make-rprivate /
rac=$(readlink -f "$1")
mount -t tmpfs -o mode=755 tmpfs /mnt
cd /mnt
mkdir groups up work root
mount -t cgroup2 cgroup2 groups
group=groups/rac-$$
mkdir $group
echo $$ > $group/cgroup.procs
mount -t overlay overlay -o lowerdir=/,upperdir=up,workdir=work root
cat > inside <<'END'
set -e
cd /mnt/root
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mountpoint -q sys/fs/cgroup || mount -t tmpfs tmpfs sys/fs/cgroup 2>/dev/null || true
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs dev
for n in null zero full random urandom tty; do touch dev/$n; mount --bind /dev/$n dev/$n; done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mount -t tmpfs -o mode=1777 tmpfs dev/shm
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
ip link set lo up
hostname office
echo 127.0.0.1 office >> etc/hosts
exec env -i container=rac PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot . /lib/systemd/systemd
END
cd root
mkdir -p root/bin etc/lightdm etc/gtk-3.0 usr/share/xsessions
rm -rf root/bin/rac etc/rac var/lib/rac usr/local/bin/rac
touch root/bin/rac
mount --bind "$rac" root/bin/rac
rm -rf etc/systemd/system/*.wants etc/systemd/system/*.requires
ln -sf /lib/systemd/system/graphical.target etc/systemd/system/default.target
ln -sf /lib/systemd/system/lightdm.service etc/systemd/system/display-manager.service
cat > etc/lightdm/lightdm.conf <<'END'
[LightDM]
logind-check-graphical=false
[Seat:*]
xserver-command=/root/bin/X
greeter-session=lightdm-gtk-greeter
user-session=blue
END
cat > root/bin/X <<'END'
#!/bin/bash
args=()
for a in "$@"; do case $a in vt[0-9]*|-novtswitch) ;; *) args+=("$a");; esac; done
exec Xvfb "${args[@]}" -screen 0 800x600x24
END
# What is seen at a place of the screen :50, where the viewer's window is: its colour.
printf '#!/bin/sh\nexec import -display :50 -window root -crop "1x1+$1+$2" -depth 8 txt:-\n' > root/bin/colour
# Clicks into a field of the login screen, 32 high, and prints the colour of its upper
# edge: blue when it takes what is typed.
printf '#!/bin/sh\nxdotool mousemove "$1" "$2" click 1\nsleep 0.3\nexec colour "$1" $(($2 - 16))\n' > root/bin/click
chmod 755 root/bin/X root/bin/colour root/bin/click
# Nothing on the login screen moves by itself.
printf '[greeter]\nindicators=\n' > etc/lightdm/lightdm-gtk-greeter.conf
printf '[Settings]\ngtk-cursor-blink=false\n' > etc/gtk-3.0/settings.ini
printf '[Desktop Entry]\nType=Application\nName=blue\nExec=/usr/local/bin/blue\n' > usr/share/xsessions/blue.desktop
printf '#!/bin/sh\nxsetroot -solid "#204060"\nexec sleep infinity\n' > usr/local/bin/blue
chmod 755 usr/local/bin/blue
# lightdm believes that seat0 has virtual terminals; this computer has none, and
# logind takes no session for one that does not exist.
echo 'XDG_VTNR OVERRIDE=0' > etc/security/no-terminals.conf
for f in lightdm lightdm-greeter; do
	sed -i '0,/^session/s//session required pam_env.so conffile=\/etc\/security\/no-terminals.conf\nsession/' etc/pam.d/$f
done
chroot . useradd -m -s /bin/sh anna
echo anna:secret-of-anna | chroot . chpasswd
cd /mnt
unshare --mount --pid --uts --ipc --net --cgroup --fork --kill-child sh inside &
computer=$!
trap 'kill -KILL $computer' TERM
until first=$(pgrep -P $computer) && grep -q systemd /proc/$first/comm && [ -e /proc/$first/root/run/systemd/private ]; do sleep 0.02; done
echo ready $first
while kill -0 $computer 2>/dev/null; do wait $computer || true; done
echo $$ > groups/cgroup.procs
echo 1 > $group/cgroup.kill 2>/dev/null || true
for try in 1 2 3 4 5 6 7 8 9 10; do
	find $group -depth -type d -exec rmdir {} + 2>/dev/null && break
	sleep 0.1
done
`

// cmdComputer boots a computer with a login screen; the program there runs a
// command on it, as root.
func cmdComputer(ts *testscript.TestScript, _ bool, _ []string) {
	line := []string{"unshare", "--mount", "sh", "-c", bootScript, "sh", racOf(ts)}
	sudo := ""
	if os.Getuid() != 0 {
		sudo = "sudo -n "
		line = append([]string{"sudo", "-n"}, line...)
	}
	computer := launch(ts, "the computer", commandOf(context.Background(), ts, line), false)
	pid := awaitSaying(ts, "the computer", computer, `^ready (\d+)`)[1]
	bin := ts.MkAbs("computer-bin")
	ts.Check(os.MkdirAll(bin, 0o755))
	script := fmt.Sprintf(`#!/bin/sh
exec %snsenter --target %s --all --root --wd env -i PATH=/usr/local/bin:/root/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root SHELL=/bin/sh LC_ALL=C.UTF-8 "$@"
`, sudo, pid)
	ts.Check(os.WriteFile(filepath.Join(bin, "there"), []byte(script), 0o755))
	ts.Setenv("PATH", bin+string(filepath.ListSeparator)+ts.Getenv("PATH"))
}

// cmdAwaits runs a command again and again until it prints what is awaited.
func cmdAwaits(ts *testscript.TestScript, _ bool, args []string) {
	need(ts, args, 2, "awaits REGEXP COMMAND [ARG...]")
	re := regexp.MustCompile("(?m)" + args[0])
	for end := time.Now().Add(patience); ; {
		cmd := commandOf(context.Background(), ts, args[1:])
		out, err := cmd.CombinedOutput()
		if re.Match(out) {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("%s did not print %q, but (%v):\n%s", strings.Join(args[1:], " "), args[0], err, out)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
