// The compiled halves of Boost.Asio and Boost.Process v2: once here instead of in every file that
// includes their headers (BOOST_ASIO_SEPARATE_COMPILATION, BOOST_PROCESS_V2_SEPARATE_COMPILATION).
#include <boost/asio/impl/src.hpp>
#include <boost/process/v2/src.hpp>
