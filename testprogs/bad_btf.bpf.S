/* bad_btf: a trivial program whose own BTF has sixteen good types and then an integer with more bits
 *   than bytes, which every kernel refuses with EINVAL ("nr_bits exceeds type_size").
 * Shows: a BTF log of some 1000 bytes that ends in a refusal. Where it does not fit, kernels before
 *   6.4 keep their own EINVAL, later ones answer ENOSPC.
 * First kernel: any; all refuse its BTF, and a library may load the program without it.
 * Why: valid BTF with a small log and invalid BTF with a small log are answered differently. In
 *   assembly, for no compiler makes it; libraries open it, since they look at no sizes of integers. */
	.section socket,"ax",@progbits
	.globl bad_btf
	.p2align 3
	.type bad_btf,@function
bad_btf:
	.byte 0xb7, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00 /* r0 = 0 */
	.byte 0x95, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00 /* exit */
	.size bad_btf, .-bad_btf

	.section license,"aw",@progbits
	.globl program_license
	.type program_license,@object
program_license:
	.asciz "GPL"
	.size program_license, 4

/* struct btf_type with kind INT, and its u32: encoding << 24 | offset << 16 | bits. */
	.macro integer name, size, bits
	.long \name, 0x01000000, \size, \bits
	.endm

	.section .BTF,"",@progbits
header:
	.short 0xeb9f
	.byte 1, 0
	.long types - header
	.long 0, types_end - types
	.long types_end - types, strings_end - strings
types:
	.rept 16
	integer good - strings, 4, 32
	.endr
	integer bad - strings, 4, 64
types_end:
strings:
	.byte 0
good:
	.asciz "good_integer"
bad:
	.asciz "bad_integer"
	.asciz "bad_btf"
strings_end:
