/* bad_ld_imm64: the first half of a 64-bit immediate load, and exit where its second half belongs.
 * Shows: a program that is refused before verification proper, with "invalid bpf_ld_imm64 insn".
 *   Since 7.3 such a log ends without a "processed" line.
 * First kernel: any; all refuse it with EINVAL.
 * Why: a text of the verifier's that has none of its statistics. In assembly, for no compiler makes
 *   it. */
	.section socket,"ax",@progbits
	.globl bad_ld_imm64
	.p2align 3
	.type bad_ld_imm64,@function
bad_ld_imm64:
	.byte 0x18, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00 /* BPF_LD | BPF_IMM | BPF_DW, r0 */
	.byte 0x95, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00 /* BPF_EXIT */
	.size bad_ld_imm64, .-bad_ld_imm64

	.section license,"aw",@progbits
	.globl program_license
	.type program_license,@object
program_license:
	.asciz "GPL"
	.size program_license, 4
