#!/usr/bin/perl
# Reads KTAP from a file with Perl's TAP::Parser, each level of nesting on its own, and prints a line
# per test: path, "ok" or "not ok" as written, "SKIP" or "-". Exit code 1 with a sentence when
# TAP::Parser finds a mistake at any level.
use strict;
use warnings;
use TAP::Parser;

sub read_level {
  my ($path, @lines) = @_;
  my (@own, @nested, @below);
  for my $line (@lines) {
    if ($line =~ s/^  //) { push @nested, $line; next; }
    push @own, $line;
    if ($line =~ /^(not )?ok /) { push @below, [@nested]; @nested = (); }
  }
  die "$path: lines below no test\n" if @nested;
  die "$path: does not begin with the version\n" if ($own[0] // '') ne 'KTAP version 1';
  my $parser = TAP::Parser->new({ tap => join("\n", @own) . "\n" });
  while (my $result = $parser->next) {
    die "$path: Bail out\n" if $result->is_bailout;
    next unless $result->is_test;
    my $name = $result->description;
    $name =~ s/^- //;
    $name =~ s/ # .*//;    # diagnostic data that is no directive
    my $inner = shift @below;
    my $here = "$path/$name";
    print join("\t", $here, $result->ok, $result->has_skip ? 'SKIP' : '-'), "\n";
    read_level($here, @$inner) if @$inner;
  }
  die "$path: ", join(', ', $parser->parse_errors), "\n" if $parser->parse_errors;
  die "$path: no plan\n" unless defined $parser->plan;
}

open my $in, '<', $ARGV[0] or die "$ARGV[0]: $!\n";
chomp(my @lines = <$in>);
read_level('', @lines);
