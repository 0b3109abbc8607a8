#!/usr/bin/env python3
"""Records consoles of real guests: record.py KERNEL-IMAGE OUT-FOLDER NAME SCENARIO[,SCENARIO...]
[--append WORDS] [--memory MIB] [--limit SECONDS] [--wait SECONDS]

Boots the bzImage under QEMU (TCG) with init.c as its only program. Each scenario gives a file
OUT-FOLDER/NAME-SCENARIO.txt with the bytes that the console said meanwhile; the boot itself gives
NAME-boot.txt. Scenarios that need the kernel itself to do something wrong have machine code below: it
is written over the start of the system call personality() through QEMU's gdb stub.
Needs: qemu-system-x86, gcc, cpio."""
import argparse, json, os, re, select, signal, socket, struct, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
ALWAYS = 'console=ttyS0 nokaslr cryptomgr.notests rcupdate.rcu_cpu_stall_timeout=3'


def mov(register, value):  # movabs
    code = {'rax': b'\x48\xb8', 'rcx': b'\x48\xb9', 'rdx': b'\x48\xba', 'rbp': b'\x48\xbd',
            'rsi': b'\x48\xbe', 'rdi': b'\x48\xbf', 'r8': b'\x49\xb8'}[register]
    return code + struct.pack('<Q', value & 0xffffffffffffffff)


def code_of(scenario, symbols):
    """The bytes for the start of the system call; texts lie behind them."""
    here = symbols['__x64_sys_personality']
    end = b'\x31\xc0\xc3'  # xor eax, eax; ret
    call = lambda name: mov('rax', symbols[name]) + b'\xff\xd0'
    text_at = here + 160
    scenario = scenario.split('@')[0]
    plain = {
        'null': b'\x31\xc0\x8b\x00' + end,
        'null-write': b'\x31\xc0\x89\x40\x18' + end,
        'null-exec': b'\x31\xc0\xff\xd0' + end,
        'fault': mov('rax', 0xffffc90077770000) + b'\x8b\x00' + end,
        'user-fault': mov('rax', 0x7777770000) + b'\xff\xd0' + end,
        'gpf': mov('rax', 0xdead000000000100) + b'\x8b\x00' + end,
        'ud2': b'\x0f\x0b' + end,
        'divide': b'\x31\xd2\x31\xc9\x31\xc0\xf7\xf1' + end,
        'int3': b'\xcc' + end,
        'stack': mov('rbp', 0xdead000000000100) + b'\x8b\x45\x00' + end,
        'double-fault': b'\x31\xe4\x50' + end,
        'spin': b'\xeb\xfe', 'spin-cli': b'\xfa\xeb\xfe', 'halt-cli': b'\xfa\xf4\xeb\xfc',
    }
    if scenario in plain: return plain[scenario], b''
    frame = b'\x48\x83\xec\x18'  # sub rsp, 24
    leave = b'\x48\x83\xc4\x18' + end
    if scenario == 'refcount':
        return (frame + b'\x48\xc7\x04\x24\0\0\0\0' + b'\x48\x89\xe7' + b'\xbe\x02\0\0\0' +
                call('refcount_warn_saturate') + leave), b''
    if scenario == 'refcount-leak':
        return (frame + b'\x48\xc7\x04\x24\0\0\0\0' + b'\x48\x89\xe7' + b'\xbe\x04\0\0\0' +
                call('refcount_warn_saturate') + leave), b''
    if scenario == 'warn':
        return (frame + mov('rdi', text_at) + b'\xbe\x39\x30\0\0' + b'\xba\x09\0\0\0' + mov('rcx', 0) +
                call('warn_slowpath_fmt') + leave), b'kernel/bpf/verifier.c\0'
    if scenario == 'panic':
        return frame + mov('rdi', text_at) + b'\x31\xc0' + call('panic') + leave, b'made to panic\0'
    if scenario == 'stack-protector': return frame + call('__stack_chk_fail') + leave, b''
    if scenario == 'fortify':
        name = 'fortify_panic' if 'fortify_panic' in symbols else '__fortify_panic'
        return (frame + mov('rdi', text_at if name == 'fortify_panic' else 2) + mov('rsi', 4) +
                mov('rdx', 8) + call(name) + leave), b'memcpy\0'
    if scenario == 'usercopy':
        return (frame + mov('rdi', 0) + mov('rsi', 0) + mov('rdx', 1) + mov('rcx', 0) + mov('r8', 64) +
                call('usercopy_abort') + leave), b''
    if scenario == 'hung':
        return (frame + mov('rdi', 0x7fffffffffffffff) + call('schedule_timeout_uninterruptible') +
                leave), b''
    if scenario == 'list':
        name = '__list_add_valid' if '__list_add_valid' in symbols else '__list_add_valid_or_report'
        return (frame + mov('rdi', here) + mov('rsi', here + 64) + mov('rdx', here + 128) + call(name) +
                leave), b''
    if scenario == 'atomic':
        at = symbols['__preempt_count'] if '__preempt_count' in symbols else symbols['pcpu_hot'] + 8
        where = struct.pack('<I', at & 0xffffffff)
        return (frame + b'\x65\xff\x04\x25' + where + call('schedule') + b'\x65\xff\x0c\x25' + where +
                leave), b''
    return None, b''


class Gdb:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.socket.settimeout(20)

    def send(self, text, answer=True):
        self.socket.send(b'$' + text.encode() + b'#' + b'%02x' % (sum(text.encode()) & 255))
        got = b''
        while answer and not re.search(rb'\$[^#]*#..', got):
            got += self.socket.recv(4096)
        if answer: self.socket.send(b'+')
        return got

    def write(self, *pieces):
        self.send('?')
        for address, data in pieces:
            for i in range(0, len(data), 64):
                piece = data[i:i + 64]
                self.send('M%x,%x:%s' % (address + i, len(piece), piece.hex()))
        self.send('D', answer=False)
        self.socket.close()


def initramfs(folder):
    subprocess.run(['gcc', '-Os', '-static', '-s', '-o', folder + '/init', HERE + '/init.c'], check=True)
    os.makedirs(folder + '/dev', exist_ok=True)
    with open(folder + '/initramfs', 'wb') as out:
        subprocess.run(['cpio', '-o', '-H', 'newc', '--quiet'], input=b'init\ndev\n', stdout=out,
                       cwd=folder, check=True)
    return folder + '/initramfs'


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('kernel'), parser.add_argument('out'), parser.add_argument('name')
    parser.add_argument('scenarios')
    parser.add_argument('--append', default='loglevel=7')
    parser.add_argument('--memory', default='256')
    parser.add_argument('--limit', type=float, default=120)
    parser.add_argument('--wait', type=float, default=12, help='after the last word')
    args = parser.parse_args()
    folder = tempfile.mkdtemp(prefix='record-')
    append = '%s %s rec=symbols,%s' % (ALWAYS, args.append, args.scenarios)
    ours, theirs = socket.socketpair()
    qemu = subprocess.Popen(
        ['qemu-system-x86_64', '-M', 'q35', '-accel', 'tcg', '-cpu', 'max', '-smp', '1', '-m', args.memory,
         '-nodefaults', '-no-user-config', '-display', 'none', '-nic', 'none', '-no-reboot',
         '-chardev', 'socket,id=c,fd=%d' % theirs.fileno(), '-serial', 'chardev:c',
         '-chardev', 'socket,id=g,path=%s/gdb,server=on,wait=off' % folder, '-gdb', 'chardev:g',
         '-kernel', args.kernel, '-initrd', initramfs(folder), '-append', append],
        pass_fds=[theirs.fileno()])
    theirs.close()
    symbols, parts, current, text, seen = {}, {'boot': b''}, 'boot', b'', time.time()
    began = seen
    try:
        while time.time() - began < args.limit:
            ready, _, _ = select.select([ours], [], [], 0.5)
            if not ready:
                if qemu.poll() is not None or time.time() - seen > args.wait: break
                continue
            bytes_ = ours.recv(65536)
            if not bytes_: break
            seen = time.time()
            text += bytes_
            while b'\n' in text:
                line, text = text.split(b'\n', 1)
                at = line.find(b'REC ')
                if at < 0:
                    parts[current] += line + b'\n'
                    continue
                parts[current] += line[:at]
                words = line[at:].decode().split()
                if words[1] == 'symbol': symbols[words[2]] = int(words[3], 16)
                if words[1] == 'done': current = 'boot'
                if words[1] != 'want': continue
                current = words[2]
                parts[current] = b''
                try:
                    code, data = code_of(current, symbols) if symbols else (None, b'')
                except KeyError as missing:  # this kernel has no such function
                    print(current, 'needs', missing, flush=True)
                    code, data = b'\x31\xc0\xc3', b''
                if code is not None:
                    place = symbols['__x64_sys_personality']
                    Gdb(folder + '/gdb').write((place, code), (place + 160, data))
                if 'stop' in current:
                    ours.send(b'\n')
                    time.sleep(1)
                    qemu.send_signal(signal.SIGSTOP), time.sleep(8), qemu.send_signal(signal.SIGCONT)
                else:
                    ours.send(b'\n')
        parts[current] += text
    finally:
        qemu.kill(), qemu.wait()
    os.makedirs(args.out, exist_ok=True)
    for name, part in parts.items():
        if part.strip():
            with open('%s/%s-%s.txt' % (args.out, args.name, name), 'wb') as out: out.write(part)
            print(name, len(part), flush=True)


main()
