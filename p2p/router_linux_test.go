package p2p

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// gatewayPage describes a router as UPnP wants it.
const gatewayPage = `<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0"><specVersion><major>1</major><minor>0</minor></specVersion>
<device><deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType><friendlyName>router</friendlyName><UDN>uuid:1</UDN>
<deviceList><device><deviceType>urn:schemas-upnp-org:device:WANDevice:1</deviceType><friendlyName>wan</friendlyName><UDN>uuid:2</UDN>
<deviceList><device><deviceType>urn:schemas-upnp-org:device:WANConnectionDevice:1</deviceType><friendlyName>line</friendlyName><UDN>uuid:3</UDN>
<serviceList><service><serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType><serviceId>urn:upnp-org:serviceId:WANIPConn1</serviceId>
<SCPDURL>/scpd</SCPDURL><controlURL>/control</controlURL><eventSubURL>/events</eventSubURL></service></serviceList></device></deviceList></device></deviceList></device></root>`

// upnp is a router on the network of dev that forwards ports on request. The
// internet sees it at 11.7.7.7.
func upnp(t *testing.T, ip, dev string) {
	mux := http.NewServeMux()
	mux.HandleFunc("/page", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, gatewayPage) })
	mux.HandleFunc("/control", func(w http.ResponseWriter, r *http.Request) {
		_, action, _ := strings.Cut(strings.Trim(r.Header.Get("SOAPAction"), `"`), "#")
		if action == "DeletePortMapping" {
			time.Sleep(time.Minute) // it has fallen silent
		}
		fields := map[string]string{"GetExternalIPAddress": "<NewExternalIPAddress>11.7.7.7</NewExternalIPAddress>",
			"GetNATRSIPStatus": "<NewRSIPAvailable>0</NewRSIPAvailable><NewNATEnabled>1</NewNATEnabled>"}[action]
		fmt.Fprintf(w, `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body><u:%[1]sResponse xmlns:u="urn:schemas-upnp-org:service:WANIPConnection:1">%[2]s</u:%[1]sResponse></s:Body></s:Envelope>`, action, fields)
	})
	listener, err := net.Listen("tcp4", ip+":5000")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: mux}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })

	i, err := net.InterfaceByName(dev)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.ListenMulticastUDP("udp4", i, &net.UDPAddr{IP: net.IPv4(239, 255, 255, 250), Port: 1900})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		ask := make([]byte, 2048)
		for {
			n, from, err := conn.ReadFromUDP(ask)
			if err != nil {
				return
			}
			const target = "urn:schemas-upnp-org:device:WANConnectionDevice:1"
			if strings.Contains(string(ask[:n]), target) {
				fmt.Fprintf(answerTo{conn, from}, "HTTP/1.1 200 OK\r\nST: %s\r\nUSN: uuid:3::%s\r\nLOCATION: http://%s:5000/page\r\nCACHE-CONTROL: max-age=120\r\nEXT:\r\n\r\n", target, target, ip)
			}
		}
	}()
}

// answerTo writes one packet.
type answerTo struct {
	conn *net.UDPConn
	to   *net.UDPAddr
}

func (a answerTo) Write(p []byte) (int, error) { return a.conn.WriteToUDP(p, a.to) }

func TestARouterThatComesLaterForwardsThePortOnRequest(t *testing.T) {
	twoComputers(t, func(t *testing.T, in io.Writer, out *bufio.Reader) {
		upnp(t, "10.77.0.1", "v0")
		fmt.Fprintln(in, "plug")
		line, err := out.ReadString('\n')
		for err == nil && !strings.HasPrefix(line, "NAT ") {
			line, err = out.ReadString('\n')
		}
		if err != nil || !strings.Contains(line, "forwards") || !strings.Contains(line, "/ip4/11.7.7.7/udp/") || !strings.Contains(line, "/ip4/11.7.7.7/tcp/") {
			t.Errorf("the host says %q, %v", line, err)
		}
		t.Log("found:", strings.TrimSpace(line))
		line, err = out.ReadString('\n')
		t.Log("found:", strings.TrimSpace(line))
		if !strings.HasPrefix(line, "CLOSED true") {
			t.Errorf("the host says %q, %v, want that its end was not held up by a silent router", line, err)
		}
	}, func(t *testing.T) {
		in := bufio.NewReader(os.Stdin)
		n, err := Start(t.Context(), Options{Identity: newIdentity(t), Public: true})
		if err != nil {
			t.Fatal(err)
		}
		in.ReadString('\n')
		plug(t)
		ip(t, "route add default via 10.77.0.1")
		for began := time.Now(); len(n.NAT().Mapped) < 2 && time.Since(began) < 25*time.Second; {
			time.Sleep(10 * time.Millisecond)
		}
		fmt.Println("NAT", n.NAT())
		began := time.Now()
		n.Close()
		fmt.Println("CLOSED", time.Since(began) < 2*time.Second, time.Since(began))
		io.Copy(io.Discard, in)
	})
}
