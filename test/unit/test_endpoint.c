/*
 * test_endpoint.c
 *	  src/base/endpoint.c: which endpoints and proxies are taken, and as what.
 *
 * test/unit/test_endpoint.c
 */
#include "postgres.h"

#include "base/endpoint.h"

#include "stubs.h"
#include "tap.h"

#define TEN "abcdefghi."
#define FIFTY TEN TEN TEN TEN TEN
#define HOST_250 FIFTY FIFTY FIFTY FIFTY FIFTY

struct good_endpoint
{
	const char *text;
	bool		tls;
	bool		loopback;
	const char *host;
	const char *prefix;
};

static const struct good_endpoint good[] = {
	{"https://qianfan.baidubce.com", true, false, "qianfan.baidubce.com", ""},
	{"https://qianfan.baidubce.com/", true, false, "qianfan.baidubce.com", ""},
	{"http://example.com", false, false, "example.com", ""},
	{"HTTPS://Example.COM", true, false, "Example.COM", ""},
	{"hTTp://example.com", false, false, "example.com", ""},
	{"https://a", true, false, "a", ""},
	{"https://xn--fiqs8s_1.example", true, false, "xn--fiqs8s_1.example", ""},
	{"https://" HOST_250 "abcde", true, false, HOST_250 "abcde", ""},

	/* the Host header omits the default port, and only that */
	{"https://example.com:443", true, false, "example.com", ""},
	{"http://example.com:80", false, false, "example.com", ""},
	{"https://example.com:80", true, false, "example.com:80", ""},
	{"http://example.com:443", false, false, "example.com:443", ""},
	{"https://example.com:1", true, false, "example.com:1", ""},
	{"https://example.com:65535", true, false, "example.com:65535", ""},
	{"https://example.com:00443", true, false, "example.com", ""},
	{"https://example.com:08443", true, false, "example.com:8443", ""},
	{"https://example.com:443/a", true, false, "example.com", "/a"},

	/* prefixes */
	{"https://h/a", true, false, "h", "/a"},
	{"https://h/a/", true, false, "h", "/a"},
	{"https://h/a/b-c_d.e~f/", true, false, "h", "/a/b-c_d.e~f"},
	{"https://h:8443/proxy/v1", true, false, "h:8443", "/proxy/v1"},
	{"https://h/v2/models", true, false, "h", "/v2/models"},
	{"https://h/apiv2", true, false, "h", "/apiv2"},
	{"https://h/v2/model/x", true, false, "h", "/v2/model/x"},
	{"https://h/...", true, false, "h", "/..."},
	{"https://h/.a/..b/c./d..", true, false, "h", "/.a/..b/c./d.."},

	/* what cannot leave this machine */
	{"http://localhost", false, true, "localhost", ""},
	{"http://LocalHost:8080/x", false, true, "LocalHost:8080", "/x"},
	{"https://localhost", true, true, "localhost", ""},
	{"http://127.0.0.1", false, true, "127.0.0.1", ""},
	{"http://127.0.0.1:18443", false, true, "127.0.0.1:18443", ""},
	{"http://127.255.255.254", false, true, "127.255.255.254", ""},
	{"http://[::1]", false, true, "[::1]", ""},
	{"http://[::1]:8080", false, true, "[::1]:8080", ""},
	{"http://[::1]:80/x", false, true, "[::1]", "/x"},

	/* what can */
	{"http://[::]", false, false, "[::]", ""},
	{"http://[::2]", false, false, "[::2]", ""},
	{"http://[2001:db8::1]:8080", false, false, "[2001:db8::1]:8080", ""},
	{"https://[2001:DB8:0:0:0:0:0:1]", true, false, "[2001:DB8:0:0:0:0:0:1]", ""},
	{"http://[::ffff:192.0.2.1]", false, false, "[::ffff:192.0.2.1]", ""},
	{"http://128.0.0.1", false, false, "128.0.0.1", ""},
	{"http://10.127.0.0.1", false, false, "10.127.0.0.1", ""},
	{"http://0.0.0.0", false, false, "0.0.0.0", ""},
	{"http://localhost.example.com", false, false, "localhost.example.com", ""},
	{"http://mylocalhost", false, false, "mylocalhost", ""},
	{"http://127.0.0.1.example.com", false, false, "127.0.0.1.example.com", ""},
};

/*
 * Names, as far as libcurl is concerned: it asks a name server for them.
 * Refusing them is right as well.
 */
static const char *const not_loopback[] = {
	"http://127.1", "http://127.0.1", "http://127.0.0.1.1", "http://127",
	"http://127.0.0", "http://127.0.0.", "http://127..0.1", "http://127.0.0.1.",
	"http://127.0.0.256", "http://127.999.999.999", "http://127.0.0.08",
	"http://127.0.0.1234", "http://127.0.0.1a", "http://127.0.0.-1",
	"http://127.0.0.0x1", "http://127.0.0.1-x", "http://0127.0.0.1",
	"http://1270.0.0.1", "http://localhost.", "http://localhos",
	"http://localhostx", "http://127.localhost", "http://127.0.0.1_",
	"http://2130706433", "http://[::1", "http://[::11]", "http://[0::10]",
	"http://[::1].example.com",
};

/* Refused for a reason that tells where credentials go. */
static const char *const userinfo[] = {
	"https://user@example.com", "https://user:password@example.com",
	"https://@example.com", "https://:@example.com", "https://example.com@",
	"https://example.com:80@other", "https://[::1]@example.com",
	"https://a%40b@example.com",
	"http://user:password@proxy:3128", "socks5://u:p@proxy:1080",
};

static const char *const bad[] = {
	"", "https", "https:", "https:/", "https://", "http://", "//example.com",
	"example.com", "example.com:443", "ftp://example.com", "file:///etc/passwd",
	"https:example.com", "https:/example.com", "https:\\\\example.com",
	"unix:///tmp/socket", "httpss://example.com", " https://example.com",
	"\thttps://example.com", "https ://example.com",

	/* host */
	"https:///", "https:///a", "https://:443", "https:// example.com",
	"https://exam ple.com", "https://example.com ", "https://example.com\t",
	"https://example.com\r\nX-Evil: 1", "https://example.com\n",
	"https://example.com\r", "https://example.com\x01", "https://example.com\x7f",
	"https://ex%61mple.com", "https://example.com%00", "https://example.com\\@b",
	"https://b\xC3\xBC" "cher.example", "https://\xE4\xBD\xA0.example",
	"https://example.com\xE3\x80\x82" "x", "https://example.com\xFF",
	"https://a,b", "https://a;b", "https://a|b", "https://a'b", "https://a\"b",
	"https://a<b>", "https://$a", "https://a*", "https://a!",
	"https://" HOST_250 "abcdef", "https://" HOST_250 HOST_250 "a",

	/* port */
	"https://h:", "https://h:0", "https://h:00000", "https://h:65536",
	"https://h:99999", "https://h:100000", "https://h:000443", "https://h:+1",
	"https://h:-1", "https://h: 1", "https://h:1 ", "https://h:1x",
	"https://h:0x1", "https://h:80:80", "https://h:http", "https://h:/a",
	"https://h::1", "https://h:18446744073709551617", "https://h:443\r\n",
	"https://h:\xD9\xA1",

	/* the path of the API itself */
	"https://h/v2", "https://h/v2/", "https://h/v2/model", "https://h/v2/model/",
	"https://h:8443/proxy/v2", "https://h/proxy/v2/model/", "http://localhost/v2",

	/* query and fragment */
	"https://h?", "https://h?a=b", "https://h/?a=b", "https://h/a?b", "https://h#",
	"https://h#a", "https://h/#a", "https://h/a#b", "https://h:443?a", "https://h&a",

	/* IPv6 */
	"https://::1", "https://[::1", "https://::1]", "https://[]", "https://[:]",
	"https://[::1]x", "https://[::1]:", "https://[::1]:0", "https://[::1]:65536",
	"https://[::g]", "https://[fe80::1%eth0]", "https://[fe80::1%25eth0]",
	"https://[::1]]", "https://[[::1]]", "https://[ ::1]", "https://[::1 ]",
	"https://[v1.a]", "https://[example.com]", "https://[", "https://[::1]::1",
	"https://[..]", "https://[:::]", "https://[1234]", "https://[127.0.0.1]",
	"https://[1::2::3]", "https://[1:2:3:4:5:6:7]", "https://[::1.2.3.256]",
	"https://[1:2:3:4:5:6:7:8:9]", "https://[::12345]",

	/* path */
	"https://h//", "https://h//a", "https://h/a//b", "https://h/a//", "https://h/.",
	"https://h/..", "https://h/./", "https://h/../", "https://h/a/.", "https://h/a/..",
	"https://h/a/./b", "https://h/a/../b", "https://h/a/../", "https://h/../a",
	"https://h/%2e%2e/a", "https://h/a%2Fb", "https://h/a b", "https://h/a\nb",
	"https://h/a\r\n", "https://h/a\\b", "https://h/a;b", "https://h/a:b",
	"https://h/@a", "https://h/\xC3\xA9", "https://h/a ", "https://h/a+b",
	"https://h/a=b", "https://h/a&b", "https://h/*",
};

static const char *const good_proxies[] = {
	"http://proxy:3128", "https://proxy.example.com:443", "socks5://proxy:1080",
	"socks5h://proxy:1080", "HTTP://PROXY:1", "Socks5H://p:65535",
	"http://127.0.0.1:3128", "http://[::1]:3128", "socks5h://[2001:db8::1]:1080",
};

static const char *const bad_proxies[] = {
	"", "proxy", "proxy:3128", "//proxy:3128", "http:", "http://", "http:///",
	"http://:3128", "socks4://proxy:1080", "socks4a://proxy:1080",
	"socks://proxy:1080", "ftp://proxy:21", "socks5:proxy:1080",
	"http://user@proxy:3128", "http://proxy:", "http://proxy:0",
	"http://proxy:65536", "http://proxy:+1", "http://proxy:3128/",
	"http://proxy:3128/a", "http://proxy/", "http://proxy:3128?a",
	"http://proxy:3128#a", "http://proxy:3128\r\nX: 1", "http://proxy\n:3128",
	"http://pro xy:3128", " http://proxy:3128", "http://proxy:3128 ",
	"http://pr\xC3\xB6xy:3128", "http://::1:3128", "http://[::1:3128",
	"http://[::1]3128", "http://proxy:3128,other:3128",
};

static void test_good(void);
static void test_not_loopback(void);
static void test_userinfo(void);
static bool is_sentence(const char *problem);
static void test_bad(void);
static void test_proxies(void);

/* Each text is a copy of its own, so that reading behind it is caught. */
int
main(void)
{
	void		(*const tests[]) (void) = {
		test_good, test_not_loopback, test_userinfo, test_bad, test_proxies
	};

	for (size_t i = 0; i < lengthof(tests); i++)
	{
		stub_enter();
		tests[i] ();
		stub_leave();
	}
	tap_ok(!stub_finds_leaks(), "no memory is lost");
	return tap_done();
}

static void
test_good(void)
{
	for (size_t i = 0; i < lengthof(good); i++)
	{
		QfEndpoint	endpoint;
		const char *problem = qf_endpoint_parse(pstrdup(good[i].text),
												&endpoint);
		const char *got = problem;

		if (problem == NULL)
			got = psprintf("%d %d \"%s\" \"%s\"", endpoint.tls,
						   endpoint.loopback, endpoint.host, endpoint.prefix);
		tap_is(got, psprintf("%d %d \"%s\" \"%s\"", good[i].tls,
							 good[i].loopback, good[i].host, good[i].prefix),
			   "endpoint %s", good[i].text);
	}
}

static void
test_not_loopback(void)
{
	for (size_t i = 0; i < lengthof(not_loopback); i++)
	{
		QfEndpoint	endpoint;

		tap_ok(qf_endpoint_parse(pstrdup(not_loopback[i]), &endpoint) != NULL ||
			   !endpoint.loopback, "not loopback: %s", not_loopback[i]);
	}
}

/* As endpoint or, if that is what it would be, as proxy. */
static void
test_userinfo(void)
{
	for (size_t i = 0; i < lengthof(userinfo); i++)
	{
		QfEndpoint	endpoint;
		const char *problem = strstr(userinfo[i], "proxy") != NULL ?
		qf_endpoint_check_proxy(pstrdup(userinfo[i])) :
		qf_endpoint_parse(pstrdup(userinfo[i]), &endpoint);

		if (!tap_ok(problem != NULL && strstr(problem, "Credentials") != NULL,
					"userinfo refused: %s", userinfo[i]))
			tap_note("got", problem);
	}
}

/* The hint is a full sentence, and nothing of the user's text is in it. */
static bool
is_sentence(const char *problem)
{
	return problem != NULL && problem[0] >= 'A' && problem[0] <= 'Z' &&
		problem[strlen(problem) - 1] == '.';
}

static void
test_bad(void)
{
	for (size_t i = 0; i < lengthof(bad); i++)
	{
		QfEndpoint	endpoint;

		tap_ok(is_sentence(qf_endpoint_parse(pstrdup(bad[i]), &endpoint)),
			   "endpoint refused: %s", bad[i]);
	}
}

static void
test_proxies(void)
{
	for (size_t i = 0; i < lengthof(good_proxies); i++)
	{
		const char *problem = qf_endpoint_check_proxy(pstrdup(good_proxies[i]));

		if (!tap_ok(problem == NULL, "proxy %s", good_proxies[i]))
			tap_note("got", problem);
	}
	for (size_t i = 0; i < lengthof(bad_proxies); i++)
		tap_ok(is_sentence(qf_endpoint_check_proxy(pstrdup(bad_proxies[i]))),
			   "proxy refused: %s", bad_proxies[i]);
}
