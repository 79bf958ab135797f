//! Which addresses on the internet are not on the internet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// True for every address that a download must not reach: our own machine, private and shared
/// networks, the metadata service of the cloud, and whatever IANA's special-purpose registries
/// (iana-ipv4-special-registry, iana-ipv6-special-registry) do not call globally reachable.
pub fn is_forbidden(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_forbidden_v4(ip),
        IpAddr::V6(ip) => is_forbidden_v6(ip),
    }
}

fn is_forbidden_v4(ip: Ipv4Addr) -> bool {
    match ip.octets() {
        // This network; private; loopback.
        [0 | 10 | 127, ..] => true,
        // Carrier-grade NAT, 100.64/10.
        [100, second, ..] => (64..128).contains(&second),
        // Link-local, with the metadata service at .169.254.
        [169, 254, ..] => true,
        // Private, 172.16/12.
        [172, second, ..] => (16..32).contains(&second),
        // Protocol assignments; documentation; the 6to4 relay; private.
        [192, 0, 0 | 2, _] | [192, 88, 99, _] | [192, 168, ..] => true,
        // Benchmarks, 198.18/15; documentation.
        [198, 18 | 19, ..] | [198, 51, 100, _] | [203, 0, 113, _] => true,
        // Multicast, reserved and broadcast.
        [first, ..] => first >= 224,
    }
}

fn is_forbidden_v6(ip: Ipv6Addr) -> bool {
    // An IPv4 address in other clothes: mapped (::ffff:0:0/96), or through NAT64 (64:ff9b::/96), which
    // is how an IPv6-only network reaches public IPv4.
    if let [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] = ip.segments() {
        let bits = (u32::from(high) << 16) | u32::from(low);
        return is_forbidden_v4(Ipv4Addr::from_bits(bits));
    }
    match ip.segments() {
        // Protocol assignments with Teredo (2001::/23), documentation, 6to4, documentation (3fff::/20).
        [0x2001, second, ..] => second < 0x200 || second == 0xdb8,
        [0x2002, ..] => true,
        [0x3fff, second, ..] => second < 0x1000,
        // Global unicast is 2000::/3. Outside are loopback, fc00::/7, fe80::/10, ff00::/8 and the rest.
        [first, ..] => !(0x2000..0x4000).contains(&first),
    }
}

#[cfg(test)]
mod tests {
    use super::is_forbidden;

    #[test]
    fn only_the_public_internet_is_allowed() {
        for forbidden in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.1.2.3",
            "169.254.169.254",
            "169.254.170.2",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:10.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b::169.254.169.254",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:10::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:808:808::1",
            "3fff::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(is_forbidden(forbidden.parse().unwrap()), "{forbidden}");
        }
        for allowed in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "169.253.1.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "192.167.1.1",
            "198.17.1.1",
            "198.20.1.1",
            "223.255.255.254",
            "54.172.60.1",
            "2606:4700::1111",
            "2a00:1450::1",
            "2600:1f18::1",
            "64:ff9b::8.8.8.8",
            "::ffff:8.8.8.8",
        ] {
            assert!(!is_forbidden(allowed.parse().unwrap()), "{allowed}");
        }
    }
}
