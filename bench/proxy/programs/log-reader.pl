# Reads HAProxy's log from a Unix datagram socket, which Node.js cannot, and writes it to a file: log-reader.pl SOCKET FILE.
# Perl without modules of its own, for every Debian has that.
use strict;
use warnings;
use Socket;

my ($path, $file) = @ARGV;
socket(my $socket, PF_UNIX, SOCK_DGRAM, 0) or die "socket: $!";
setsockopt($socket, SOL_SOCKET, SO_RCVBUF, 4 << 20) or die "setsockopt: $!";
open(my $log, '>', $file) or die "$file: $!";
my $stop = 0;
$SIG{TERM} = $SIG{INT} = sub { $stop = 1 };
bind($socket, sockaddr_un($path)) or die "$path: $!";
my $waiting = 0;
until ($stop) {
    # What is buffered is written out as soon as nothing comes.
    my $bits = '';
    vec($bits, fileno($socket), 1) = 1;
    if ($waiting && !select($bits, undef, undef, 0.1)) {
        $log->flush();
        $waiting = 0;
    }
    defined(recv($socket, my $line, 65536, 0)) or next;
    print $log $line =~ /\n\z/ ? $line : "$line\n";
    $waiting = 1;
}
