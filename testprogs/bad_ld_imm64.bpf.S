/* bad_ld_imm64: nothing but the first half of a 64-bit immediate load.
 * Shows: a program that is refused before verification proper. 7.3 says "invalid bpf_ld_imm64 insn"
 *   and nothing else, at any level; kernels before it (5.10 to 6.12 were seen) look at the last
 *   instruction first, say "last insn is not an exit or jmp" and print a "processed" line as always.
 *   With another instruction behind the half, 7.3 comes further and prints that line too.
 * First kernel: any; all refuse it with EINVAL.
 * Why: a text of the verifier's that has none of its statistics. In assembly, for no compiler makes
 *   it. */
	.section socket,"ax",@progbits
	.globl bad_ld_imm64
	.p2align 3
	.type bad_ld_imm64,@function
bad_ld_imm64:
	.byte 0x18, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00 /* BPF_LD | BPF_IMM | BPF_DW, r0 */
	.size bad_ld_imm64, .-bad_ld_imm64

	.section license,"aw",@progbits
	.globl program_license
	.type program_license,@object
program_license:
	.asciz "GPL"
	.size program_license, 4
