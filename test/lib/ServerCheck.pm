
=pod

=head1 NAME

ServerCheck - what qianfan_fdw_check() says, and what it should say

=head1 FUNCTIONS

  check($node, $simulator, $server, %args)
                         the steps of a check: name -> [ok, detail, hint], ok
                         "-" where a step was not made; args: title, and
                         before (SQL to run first).  Tests that all steps are
                         there and no secret is
  verdicts_are($found, \%expected, $title)
                         ok of each step, "true" unless given, and that those
                         that are "false" say what is wrong and what to do
  not_made(@steps)       these steps => "-"
  service_steps()        names of the steps that need an answer

=cut

package ServerCheck;

use strict;
use warnings;

use Exporter qw(import);
use Test::More;

our @EXPORT = qw(check verdicts_are not_made service_steps);

my @steps = qw(options credential resolve connect tls clock signature list
  paging detail absence spelling);

# The steps of a check: name -> [verdict, detail, hint].
sub check
{
	my ($node, $simulator, $server, %args) = @_;
	my $before = $args{before} // '';
	my $output = $node->safe_psql('postgres',
		"$before SELECT step, coalesce(ok::text, '-'), detail, hint FROM qianfan_fdw_check('$server')",
		extra_params => [ '-F', "\t" ]);
	my %found;
	my @order;
	foreach my $line (split /\n/, $output)
	{
		my ($step, @rest) = split /\t/, $line, -1;
		push @order, $step;
		$found{$step} = \@rest;
	}
	is("@order", "@steps", "$args{title}: all steps, in order");
	unlike(
		$output,
		qr/\Q@{[ $simulator->secret_key ]}\E|\Q@{[ $simulator->access_key ]}\E/,
		"$args{title}: no secret in the output");
	return \%found;
}

# What the steps are: "true", "false", "-" for not made, in order.
sub verdicts_are
{
	my ($found, $expected, $title) = @_;
	my %expected = (map({ $_ => 'true' } @steps), %$expected);
	foreach my $step (@steps)
	{
		next if $found->{$step}[0] eq $expected{$step};
		fail("$title: $step is $expected{$step}");
		diag(explain($found));
		return;
	}
	pass("$title: each step is as it should be");
	foreach my $step (grep { $expected{$_} eq 'false' } @steps)
	{
		isnt($found->{$step}[1], '', "$title: $step says what is wrong");
		isnt($found->{$step}[2], '', "$title: $step says what to do");
	}
	return;
}

sub not_made { return map { $_ => '-' } @_; }

sub service_steps { return @steps[ 5 .. 11 ]; }

1;
